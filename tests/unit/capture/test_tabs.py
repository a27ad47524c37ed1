"""Which tab is shown, whatever is opened, shown and closed in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from capture.tabs import Tabs

NAMES = st.sampled_from("abcde")
STEPS = st.one_of(
    st.tuples(st.just("add"), NAMES, st.none() | NAMES),
    st.tuples(st.just("show"), NAMES, st.none()),
    st.tuples(st.just("remove"), NAMES, st.none()),
)


@given(st.lists(STEPS, max_size=30))
def test_the_shown_tab_is_the_one_that_a_person_expects(steps: list[tuple[str, str, str | None]]) -> None:
    tabs = Tabs()
    there: dict[str, str | None] = {}  # in order, with whoever opened it, as long as that is there
    seen: list[str] = []  # all that was ever shown, the newest last
    for step, name, opener in steps:
        before = tabs.shown
        if step == "add":
            assert tabs.add(name, opener) == (name not in there)
            if name not in there:
                there[name] = opener if opener in there else None
                seen.append(name)
        elif step == "show":
            assert tabs.show(name) == (name in there and before is not None and before.id != name)
            seen += [name] if name in there else []
        else:
            now = tabs.remove(name)
            if name in there:
                opened_by = there.pop(name)
                there = {tab: None if by == name else by for tab, by in there.items()}
                if before is not None and before.id == name and there:
                    wanted = opened_by or next(tab for tab in reversed(seen) if tab in there)
                    assert now is not None
                    assert now.id == wanted
                    seen.append(wanted)
                else:
                    assert now is None, "what is shown has not changed"
            else:
                assert now is None
        assert list(tabs.all) == list(there)
        assert len(tabs) == len(there)
        assert {tab.id: tab.opener for tab in tabs.all.values()} == there
        assert (tabs.shown.id if tabs.shown else None) == next((tab for tab in reversed(seen) if tab in there), None)


def test_whether_a_script_may_close_it_does_not_change_when_its_opener_goes() -> None:
    tabs = Tabs()
    tabs.add("one")
    tabs.add("popup", "one")
    tabs.remove("one")
    assert (tabs.all["popup"].opener, tabs.all["popup"].by_page) == (None, True)
