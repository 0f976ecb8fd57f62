"""Which design tokens are sent."""

from app.web.design.tokens import used_tokens

TOKENS = """
/** generated */
:root {
  --red: #f00;
  --blue: #00f;
  --error: var(--red);
  --worst: var(--error);
}
"""


def test_a_token_that_is_used_through_another_is_sent_too_and_an_unused_one_is_not() -> None:
    assert used_tokens(TOKENS, "p { color: var(--worst); margin: var(--own) }") == (
        ":root {\n  --red: #f00;\n  --error: var(--red);\n  --worst: var(--error);\n}\n"
    )
