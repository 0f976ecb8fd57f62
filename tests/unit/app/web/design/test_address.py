"""Addresses that keep the state of a list."""

from app.web.design.address import change_query, is_inside, next_sort


def test_a_changed_parameter_leaves_the_others_as_they_are() -> None:
    assert change_query("/a?q=%E9%9C%9E&sort=name", sort="-name") == "/a?q=%E9%9C%9E&sort=-name"


def test_none_and_the_empty_word_remove_a_parameter() -> None:
    assert change_query("/a?q=x&after=3", after=None, q="") == "/a"


def test_zero_is_a_value() -> None:
    assert change_query("/a", page=0) == "/a?page=0"


def test_a_value_cannot_break_out_of_the_query() -> None:
    assert change_query("/a", q='"><b>&x=1') == "/a?q=%22%3E%3Cb%3E%26x%3D1"


def test_a_heading_sorts_up_first_and_then_down() -> None:
    assert next_sort("", "name") == "name"
    assert next_sort("name", "name") == "-name"
    assert next_sort("-name", "name") == "name"


def test_a_page_lies_inside_its_area_and_the_first_page_is_only_itself() -> None:
    assert is_inside("/accounts?sort=name", "/accounts")
    assert is_inside("/accounts/1/edit", "/accounts")
    assert not is_inside("/accounts-old", "/accounts")
    assert not is_inside("/accounts", "/")
    assert is_inside("/?q=1", "/")
