"""Fields that many requests share, with their limits and descriptions."""

from typing import Annotated, Literal

from msgspec import Meta

from app.core.secret import Secret

AccountId = Annotated[str, Meta(max_length=64, description="Identifier of the account")]
GroupId = Annotated[str, Meta(max_length=64, description="Identifier of the group")]
LoginId = Annotated[str, Meta(max_length=256, description="The person's own login ID")]
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        # Python's `$` also holds before a last line break: hence what follows it
        pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$(?!\n)",
        description="Name as others see it",
    ),
]
Language = Annotated[Literal["ja", "en"], Meta(description="Language of pages and mails")]
Mail = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^([^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]+)?$(?!\n)",
        description="Where invitations and reminders go; empty: nowhere",
    ),
]
TimeZone = Annotated[
    str, Meta(max_length=64, description="Time zone by its IANA name, such as Asia/Tokyo")
]
Rev = Annotated[
    int, Meta(ge=0, lt=2**62, description="Revision that was seen when the change was made")
]
PasswordField = Annotated[Secret, Meta(description="Password; every character may be used")]
Code = Annotated[Secret, Meta(description="The newest code of the authenticator")]
After = Annotated[str, Meta(max_length=400, description="Where the last page ended")]
Limit = Annotated[int, Meta(ge=1, le=500, description="Most rows to return")]
