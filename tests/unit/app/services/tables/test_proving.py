"""Whether a record's history stands as it was: each state by its root, that by its event."""

import pytest
from sqlalchemy import select, text

import app.services.tables.operations.proving as proving
from app.audit.sealer import Sealer
from app.audit.signing import load_or_make_signer
from app.services.tables import catalogue
from app.services.tables.fields import Option, Settings
from app.services.tables.merging import How, Mode
from app.services.tables.models import FieldKind
from app.services.tables.operations.merging import StartMerge, import_into
from app.services.tables.operations.proving import ProveHistory, Verdict, prove_history
from app.services.tables.operations.putting_back import PutBack, put_back
from app.services.tables.operations.records import (
    DeleteRecord,
    UpdateRecord,
    delete_record,
    update_record,
)
from app.services.tables.operations.retyping import ChangeType, change_type
from app.services.tables.operations.reverting import Revert, revert
from app.services.tables.past import Columns, changes
from app.services.tables.preview import ColumnPlan
from app.services.tables.proving import (
    CHANGE_ALTERED,
    MISSING,
    NOTE_ALTERED,
    ONE_OF_MANY,
    OTHERS_GONE,
    RECORD_ALTERED,
    Prover,
)

TAGS = tuple(Option(id=0, name=name) for name in ("赤", "青"))


@pytest.fixture
def seal(appliance):
    """Seal what was done so far."""

    def turn() -> None:
        settings = appliance.settings
        signer = load_or_make_signer(settings.keys / "audit-signing.key")
        store = settings.sealed_store
        sealer = Sealer(appliance.database, settings.data, store, signer, machine="test")
        while sealer.turn():
            pass
        sealer.close()

    return turn


@pytest.fixture
def goods(office):
    table = office.table(
        "商品",
        ColumnPlan(name="番号"),
        ColumnPlan(name="数", kind=FieldKind.INTEGER),
        ColumnPlan(name="札", kind=FieldKind.MULTI_SELECT, settings=Settings(options=TAGS)),
        ColumnPlan(name="作成日時", kind=FieldKind.CREATED_AT),
        ColumnPlan(name="更新日時", kind=FieldKind.UPDATED_AT),
        ColumnPlan(name="更新者", kind=FieldKind.UPDATED_BY),
    )
    fields = [one.id for one in table.fields[:3]]
    wanted = [["A1", 1, ["赤"]], ["A2", 2, []], ["A3", 3, ["青", "赤"]]]
    from app.services.tables.operations.records import CreateRecord, create_record

    for row in wanted:
        values = dict(zip(fields, row, strict=True))
        create_record(office.context, CreateRecord(table=table.id, values=values))
    return table


def change(office, table, record: int, rev: int, **values):
    by_name = {one.name: one.id for one in table.fields}
    update_record(
        office.context,
        UpdateRecord(
            table=table.id,
            record=record,
            rev=rev,
            values={by_name[name]: value for name, value in values.items()},
        ),
    )


def prove(office, table, record: int = 1):
    return prove_history(office.context, ProveHistory(table=table.id, record=record))


def verdicts(found):
    return [(one.state, one.verdict.value) for one in found.states]


def run(office, statement: str, **values) -> None:
    with office.appliance.database.write() as session:
        session.connection().execute(text(statement), values)


def test_every_state_is_covered_by_the_root_of_a_sealed_event_METI_8(office, goods, seal):
    change(office, goods, 1, 1, 数=5)
    change(office, goods, 1, 2, 札=["青"], 番号="B1")
    delete_record(office.context, DeleteRecord(table=goods.id, record=1, rev=3))
    put_back(office.context, PutBack(table=goods.id, record=1, rev=4, version=1))
    waiting = prove(office, goods)
    assert waiting.verdict is Verdict.WAITING
    assert {one.verdict for one in waiting.states} == {Verdict.WAITING}
    seal()
    found = prove(office, goods)
    assert verdicts(found) == [(state, "covered") for state in (5, 4, 3, 2, 1)]
    assert found.verdict is Verdict.COVERED
    assert all(one.event and one.position is not None for one in found.states)
    assert found.all_states


def test_imports_and_what_takes_them_back_are_covered_too(office, goods, seal):
    fields = [one.id for one in goods.fields[:2]]
    upload = office.upload("番号,数\nA2,20\nA1,10\nB1,5\nB2,6\n".encode())
    how = How(fields=tuple(fields), key=fields[0], mode=Mode.BOTH)
    started = import_into(
        office.context, StartMerge(table=goods.id, upload=upload, how=how, header=True)
    )
    assert office.worker().work_once()
    seal()
    for record, states in ((1, (2, 1)), (2, (2, 1)), (4, (1,))):
        assert verdicts(prove(office, goods, record)) == [(one, "covered") for one in states]
    revert(office.context, Revert(table=goods.id, what=started.job))
    assert office.worker().work_once()
    change(office, goods, 1, 3, 数=7)
    seal()
    for record, states in ((1, (4, 3, 2, 1)), (2, (3, 2, 1)), (4, (2, 1)), (5, (2, 1))):
        assert verdicts(prove(office, goods, record)) == [(one, "covered") for one in states]


def test_a_type_that_was_changed_since_leaves_former_states_proven(office, goods, seal):
    change(office, goods, 1, 1, 番号="12")
    wanted = ChangeType(
        table=goods.id, rev=1, field=goods.fields[0].id, kind=FieldKind.INTEGER, accepting=2
    )
    change_type(office.context, wanted)
    assert office.worker().work_once()
    change(office, goods, 1, 2, 番号="13")
    seal()
    assert verdicts(prove(office, goods)) == [(3, "covered"), (2, "covered"), (1, "covered")]


def test_a_history_row_that_somebody_altered_is_named_METI_8(office, goods, seal):
    change(office, goods, 1, 1, 数=5)
    change(office, goods, 1, 2, 数=6)
    seal()
    run(
        office,
        "UPDATE tables_history SET before = replace(before, '5', '9') WHERE rev = 3",
    )
    found = prove(office, goods)
    assert verdicts(found) == [(3, "covered"), (2, "altered"), (1, "covered")]
    assert found.verdict is Verdict.ALTERED
    assert (found.states[1].reason, found.states[1].named) == (NOTE_ALTERED, 3)


def test_a_record_that_somebody_altered_past_the_history_is_found(office, goods, seal):
    change(office, goods, 1, 1, 数=5)
    seal()
    run(office, f"UPDATE u{goods.id} SET c{goods.fields[1].id} = 50 WHERE id = 1")
    found = prove(office, goods)
    assert verdicts(found) == [(2, "altered"), (1, "covered")]
    assert (found.states[0].reason, found.states[0].named) == (RECORD_ALTERED, 0)


def test_a_history_row_that_is_gone_and_a_root_that_no_event_holds_are_found(office, goods, seal):
    change(office, goods, 1, 1, 数=5)
    change(office, goods, 2, 1, 数=5)
    seal()
    run(office, "DELETE FROM tables_history WHERE record_id = 1 AND rev = 2")
    found = prove(office, goods)
    assert (found.states[0].verdict, found.states[0].reason) == (Verdict.ALTERED, MISSING)
    # whoever gives a change another time takes it away from its record
    age = 30 * 1000
    run(
        office,
        "UPDATE tables_change SET at = at - :age WHERE first = 2 AND action = 'create'",
        age=age,
    )
    found = prove(office, goods, 2)
    assert (found.verdict, found.states[-1].reason) == (Verdict.ALTERED, CHANGE_ALTERED)


def test_whoever_makes_the_root_anew_is_found_by_the_sealed_event_METI_8(
    office, goods, seal, monkeypatch
):
    change(office, goods, 1, 1, 数=5)
    seal()
    run(office, f"UPDATE u{goods.id} SET c{goods.fields[1].id} = 50 WHERE id = 1")
    with office.appliance.database.read() as session:
        table = catalogue.find_table(session, goods.id)
        prover = Prover(session, table, Columns(session, table))
        last = select(changes).where(changes.c.action == "update")
        row = session.connection().execute(last).one()
        root = prover._root(row)
    run(office, "UPDATE tables_change SET root = :root WHERE id = :id", root=root, id=row.id)
    monkeypatch.setattr(proving, "SEALED_WITHIN", 0)
    assert verdicts(prove(office, goods)) == [(2, "not_covered"), (1, "covered")]


def test_what_is_not_sealed_after_a_while_is_told(office, goods, monkeypatch):

    monkeypatch.setattr(proving, "SEALED_WITHIN", 0)
    assert prove(office, goods).verdict is Verdict.NOT_COVERED


def test_a_record_of_a_change_of_many_is_told_with_the_others(office, imported, seal):
    started, _ = imported("名前,数\n箱,1\n棚,2\n".encode())
    seal()
    table = type("T", (), {"id": started.table})
    assert verdicts(prove(office, table)) == [(1, "covered")]
    run(office, f"UPDATE u{started.table} SET rev = rev WHERE id = 2")
    with office.appliance.database.read() as session:
        columns = session.connection().execute(text(f"SELECT * FROM u{started.table}")).keys()
    last = list(columns)[-1]
    run(office, f"UPDATE u{started.table} SET {last} = 9 WHERE id = 2")
    found = prove(office, table)
    assert (found.states[0].verdict, found.states[0].reason) == (Verdict.ALTERED, ONE_OF_MANY)
    run(office, f"DELETE FROM u{started.table} WHERE id = 2")
    found = prove(office, table)
    assert (found.states[0].verdict, found.states[0].reason) == (Verdict.UNKNOWN, OTHERS_GONE)
