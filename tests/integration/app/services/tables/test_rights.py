"""Every way in to a table and every way out of it, against every right (F4, METI-21 to 23).

The ways come from the registry of operations: one that takes a table and has no entry here fails.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from app.audit.models import OutboxEvent
from app.core.errors import Conflict, InvalidInput, NotFound, TenshuError
from app.identity.models import Account, Group, Membership
from app.operations.context import Actor, Context, Plane
from app.operations.download import Download
from app.operations.errors import NotAllowed
from app.operations.permissions import Rights
from app.operations.registry import all_operations
from app.services.tables.definition import Colour, ColourRule, Definition
from app.services.tables.errors import NoFurtherPages, OutOfReach, TooManyCells
from app.services.tables.fields import Settings
from app.services.tables.grouping import Sum
from app.services.tables.marks import mark_at
from app.services.tables.merging import How, Mode
from app.services.tables.models import FieldKind
from app.services.tables.operations import (
    cell_requests,
    cells,
    export_jobs,
    exporting,
    fields,
    grouped,
    handing_out,
    merging,
    proving,
    putting_back,
    record_history,
    records,
    rejected,
    retyping,
    reverting,
    rights,
    saved_views,
    searching,
    seeing_as,
    sharing,
    table_history,
    tables,
)
from app.services.tables.operations.choosing import RowsAsked
from app.services.tables.preview import ColumnPlan
from app.services.tables.rules import Holder, RowsOf, Rule, Verb
from app.services.tables.saved_views import Shared
from app.services.tables.selection import Comparison, Conditions, Filter, Sort
from app.services.tables.views import RecordView, TableView
from tests.unit.app.services.tables.conftest import STAFF, Office

PAY = "給与の欄"
"""Name of the field that is hidden."""
SECRETS = (PAY, "7654321", "7,654,321", "よその人", "ヨソノヒト")
"""What the person may read nowhere: a hidden field's name and values, and another's record."""
V = Verb
ALL = tuple(V)


@dataclass
class Scene:
    """Staff of a company: each person may see their own line, and not what anybody earns."""

    office: Office
    table: TableView
    linking: TableView
    own: RecordView
    foreign: RecordView
    view: int
    """A shared view that asks for the hidden field."""
    me: Context

    def field(self, name: str) -> int:
        return next(one.id for one in self.table.fields if one.name == name)

    @property
    def t(self) -> int:
        return self.table.id

    @property
    def rev(self) -> int:
        return tables.get_table(self.office.context, tables.GetTable(table=self.t)).rev

    def rule(self, *rules: Rule) -> None:
        asked = rights.SetRules(table=self.t, rev=self.rev, rules=rules)
        rights.set_rights(self.office.context, asked)

    def narrow(self, *verbs: Verb, **more: Any) -> None:
        """Let the person see own rows without what anybody earns, and only read the note."""
        said = {
            "rows": RowsOf.OWN, "by": self.field("本人"), "hidden": (self.field(PAY),),
            "read": (self.field("備考"),), **more,
        }  # fmt: skip
        self.rule(mine(*verbs, **said))

    def upload(self, text: str) -> str:
        """A file of the person's."""
        kept, self.office.context = self.office.context, self.me
        try:
            return self.office.upload(text.encode())
        finally:
            self.office.context = kept


def mine(*verbs: Verb, **said: Any) -> Rule:
    return Rule(kind=Holder.PERSON, holder="me", verbs=verbs, **said)


@pytest.fixture
def scene(appliance) -> Scene:
    office = Office(appliance, Context(appliance))
    people = {"boss": "社長", "me": "私", "other": "他の人"}
    with appliance.database.write() as session:
        for one, name in people.items():
            session.add(Account(id=one, login_id=one, name=name, created_at=1, changed_at=1))
        for group, member in (("g1", "me"), ("g2", "other")):
            session.add(Group(id=group, name=f"{group}課", created_at=1))
            session.flush()
            session.add(Membership(group=group, account=member))
    contexts = {}
    for one, name in people.items():
        actor = office.actors[one] = Actor(one, name, STAFF)
        contexts[one] = Context(appliance, actor=actor, plane=Plane.WORKSPACE, language="en")
    office.context = contexts["boss"]
    made = office.table(
        "社員",
        ColumnPlan(name="名前", settings=Settings(required=True)),
        ColumnPlan(name=PAY, kind=FieldKind.MONEY, settings=Settings(default="1")),
        ColumnPlan(name="本人", kind=FieldKind.PERSON),
        ColumnPlan(name="備考"),
        ColumnPlan(name="番号", settings=Settings(unique=True)),
    )
    own, foreign = office.fill(
        made,
        [["私の行", 100, "me", "x", "A1"], ["よその人", 7654321, "other", "y", "B2"]],
    )
    linking = office.table(
        "席", ColumnPlan(name="席"), ColumnPlan(name="誰", kind=FieldKind.LINK,
                                               settings=Settings(target=made.id)),
    )  # fmt: skip
    office.fill(linking, [["窓際", foreign.id], ["中央", own.id]])
    found = Scene(office, made, linking, own, foreign, 0, contexts["me"])
    above = Filter(field=found.field(PAY), test=Comparison.ABOVE, value="7654320")
    said = Definition(
        where=Conditions(filters=(above,)),
        sorts=(Sort(field=found.field(PAY)),),
        group=found.field(PAY),
        sums=(Sum(field=found.field(PAY)),),
        colours=(ColourRule(condition=above, colour=Colour.RED),),
    )
    view = saved_views.CreateView(table=made.id, name="高い順", shared=Shared.ALL, definition=said)
    found.view = saved_views.create_view(office.context, view).id
    return found


def asked_of_rows(s: Scene) -> Iterator[dict[str, Any]]:
    """Ways to say which rows: each of them could tell of what is hidden."""
    pay = s.field(PAY)
    yield {}
    yield {"search": "よその人"}
    yield {"search": "7654321"}
    yield {"view": s.view}
    for test in (Comparison.ABOVE, Comparison.EQUALS, Comparison.FILLED):
        yield {"where": Conditions(filters=(Filter(field=pay, test=test, value="7654321"),))}
    named = Filter(field=s.field("名前"), test=Comparison.BEGINS, value="よその")
    yield {"where": Conditions(filters=(named,))}
    yield {"sorts": (Sort(field=pay),)}
    yield {"columns": (pay,)}


def files(s: Scene) -> Iterator[dict[str, Any]]:
    """Files that add, find and change: by a hidden field, another's record, a field to read."""
    name, pay, who, note, number = (one.id for one in s.table.fields)
    for columns, key, mode in (
        ((name, pay), 0, Mode.ADD),
        ((name, note), 0, Mode.ADD),
        ((name, number), number, Mode.BOTH),
        ((name, number), number, Mode.UPDATE),
        ((name, pay), pay, Mode.UPDATE),
        ((name, who), 0, Mode.ADD),
    ):
        second = {pay: "7654321", note: "z", number: "B2", who: "other"}[columns[1]]
        upload = s.upload(f"a,b\r\n新しい,{second}\r\n")
        yield {"upload": upload, "header": True, "how": How(fields=columns, key=key, mode=mode)}


def one_field(s: Scene) -> dict[str, Any]:
    return {"table": s.t, "rev": s.rev, "field": s.field(PAY)}


def changes_of_records(s: Scene) -> Iterator[dict[int, Any]]:
    yield {s.field(PAY): 5}
    yield {s.field("備考"): "anders"}
    yield {s.field("本人"): "other"}
    yield {s.field("番号"): "B2"}
    yield {s.field("名前"): "neu", s.field("本人"): "me"}


def writes(s: Scene) -> Iterator[Any]:
    for record, values in itertools.product((s.own, s.foreign), changes_of_records(s)):
        yield records.UpdateRecord(table=s.t, record=record.id, rev=record.rev, values=values)
    yield records.UpdateRecord(table=s.t, record=s.foreign.id, rev=1, values={})


def lists(s: Scene) -> Iterator[Any]:
    for said in asked_of_rows(s):
        yield records.ListRecords(table=s.t, **said)
    for sort, value in ((Sort(field=s.field("名前")), "よ"), (Sort(field=s.field(PAY)), 1)):
        for values in ((value,), ()):
            mark = mark_at((sort,), values or ("x" * 9_000,), s.foreign.id)
            yield records.ListRecords(table=s.t, sorts=(sort,), after=mark)


def groups(s: Scene) -> Iterator[Any]:
    pay = s.field(PAY)
    for said in asked_of_rows(s):
        yield grouped.ListGroups(table=s.t, **said, by=s.field("名前"))
    yield grouped.ListGroups(table=s.t, by=pay)
    yield grouped.ListGroups(table=s.t, by=0, sums=(Sum(field=pay),))
    yield grouped.ListGroups(table=s.t, view=s.view)


def views(s: Scene) -> Iterator[Any]:
    secret = Filter(field=s.field(PAY), test=Comparison.FILLED)
    yield saved_views.CreateView(table=s.t, name="mein")
    said = Definition(where=Conditions(filters=(secret,)))
    yield saved_views.CreateView(table=s.t, name="mein", definition=said)
    yield saved_views.CreateView(table=s.t, name="mein", shared=Shared.ALL)


def gone(s: Scene) -> int:
    """A shared view that was deleted."""
    asked = saved_views.CreateView(table=s.t, name="weg", shared=Shared.ALL)
    number = saved_views.create_view(s.office.context, asked).id
    saved_views.delete_view(s.office.context, saved_views.OneView(table=s.t, view=number, rev=1))
    return number


Way = tuple[Callable[[Context, Any], Any], Callable[[Scene], Any], set[Verb]]
PICK = {"kind": FieldKind.TEXT}

WAYS: dict[str, Way] = {
    "tables.get": (tables.get_table, lambda s: tables.GetTable(table=s.t), {V.VIEW}),
    "tables.rename": (
        tables.rename_table,
        lambda s: tables.RenameTable(table=s.t, rev=s.rev, name="anders"),
        {V.DESIGN},
    ),
    "tables.delete": (
        tables.delete_table, lambda s: tables.ChangeTable(table=s.t, rev=s.rev), {V.DESIGN},
    ),
    "tables.add_field": (
        fields.add_field, lambda s: fields.AddField(table=s.t, rev=s.rev, name="n"), {V.DESIGN},
    ),
    "tables.change_field": (
        fields.change_field, lambda s: fields.ChangeField(**one_field(s), name="n"), {V.DESIGN},
    ),
    "tables.order_fields": (
        fields.order_fields,
        lambda s: fields.OrderFields(
            table=s.t, rev=s.rev, fields=[one.id for one in s.table.fields]
        ),
        {V.DESIGN},
    ),
    "tables.delete_field": (
        fields.delete_field, lambda s: fields.OneField(**one_field(s)), {V.DESIGN},
    ),
    "tables.restore_field": (
        fields.restore_field, lambda s: fields.OneField(**one_field(s)), {V.DESIGN},
    ),
    "tables.list_deleted_fields": (
        fields.list_deleted_fields, lambda s: fields.ListDeletedFields(table=s.t), {V.DESIGN},
    ),
    "tables.preview_type": (
        retyping.preview_type,
        lambda s: retyping.PreviewType(table=s.t, field=s.field(PAY), **PICK),
        {V.DESIGN, V.VIEW},
    ),
    "tables.change_type": (
        retyping.change_type,
        lambda s: retyping.ChangeType(**one_field(s), **PICK),
        {V.DESIGN, V.VIEW},
    ),
    "tables.preview_undo_type": (
        retyping.preview_undo_type,
        lambda s: retyping.PreviewUndo(table=s.t, field=s.field(PAY)),
        {V.DESIGN, V.VIEW},
    ),
    "tables.undo_type": (
        retyping.undo_type, lambda s: retyping.UndoType(**one_field(s)), {V.DESIGN, V.VIEW},
    ),
    "tables.rights": (rights.table_rights, lambda s: rights.OfTable(table=s.t), {V.DESIGN}),
    "tables.set_rights": (
        rights.set_rights, lambda s: rights.SetRules(table=s.t, rev=s.rev, rules=()), {V.DESIGN},
    ),
    "tables.see_as": (
        seeing_as.see_as, lambda s: seeing_as.SeeAs(table=s.t, person="me"), {V.DESIGN},
    ),
    "records.list": (records.list_records, lists, {V.VIEW}),
    "records.get": (
        records.get_record,
        lambda s: [records.GetRecord(table=s.t, record=one.id) for one in (s.own, s.foreign)],
        {V.VIEW},
    ),
    "records.begin": (
        records.begin_record, lambda s: records.BeginRecord(table=s.t), {V.CREATE},
    ),
    "records.choices": (
        records.list_choices,
        lambda s: [records.ListChoices(table=s.t, field=s.field(n)) for n in (PAY, "名前")],
        {V.VIEW},
    ),
    "records.create": (
        records.create_record,
        lambda s: [records.CreateRecord(table=s.t, values=v) for v in changes_of_records(s)],
        {V.CREATE},
    ),
    "records.update": (records.update_record, writes, {V.EDIT}),
    "records.delete": (
        records.delete_record,
        lambda s: records.DeleteRecord(table=s.t, record=s.foreign.id, rev=1),
        {V.DELETE},
    ),
    "records.groups": (grouped.list_groups, groups, {V.VIEW}),
    "tables.check_export": (
        exporting.check_export,
        lambda s: [exporting.ExportRecords(table=s.t, **one) for one in asked_of_rows(s)],
        {V.EXPORT},
    ),
    "tables.export": (
        exporting.export_records,
        lambda s: [exporting.ExportRecords(table=s.t, **one) for one in asked_of_rows(s)],
        {V.EXPORT},
    ),
    "tables.start_export": (
        export_jobs.start_export,
        lambda s: [exporting.ExportRecords(table=s.t, **one) for one in asked_of_rows(s)],
        {V.EXPORT},
    ),
    "tables.fetch_export": (
        export_jobs.fetch_export,
        lambda s: export_jobs.FetchExport(table=s.t, job="0" * 20),
        {V.EXPORT},
    ),
    "tables.hand_out": (
        handing_out.hand_out,
        lambda s: handing_out.HandedOut(table=s.t, rows=1, cells=1),
        {V.EXPORT},
    ),
    "tables.preview_merge": (
        merging.preview_merge,
        lambda s: [merging.MergeFile(table=s.t, **one) for one in files(s)],
        {V.IMPORT},
    ),
    "tables.import_into": (
        merging.import_into,
        lambda s: [merging.StartMerge(table=s.t, **one) for one in files(s)],
        {V.IMPORT},
    ),
    "tables.import_errors": (
        rejected.import_errors, lambda s: rejected.ImportErrors(table=s.t), {V.IMPORT},
    ),
    "tables.count_import_errors": (
        rejected.count_import_errors, lambda s: rejected.ImportErrors(table=s.t), {V.IMPORT},
    ),
    "records.change_cells": (
        cells.change_cells,
        lambda s: [
            cell_requests.ChangeCells(
                table=s.t,
                changes=[cell_requests.RecordCells(record=one.id, rev=1, values=values)],
            )
            for one in (s.own, s.foreign)
            for values in changes_of_records(s)
        ],
        {V.VIEW, V.EDIT},
    ),
    "records.newer": (
        cells.list_newer,
        lambda s: cell_requests.ListNewer(table=s.t, seen={s.own.id: 9, s.foreign.id: 9}),
        {V.VIEW},
    ),
    "records.places": (
        cells.list_places,
        lambda s: [RowsAsked(table=s.t, **one) for one in asked_of_rows(s)],
        {V.VIEW},
    ),
    "records.copy": (
        cells.copy_cells,
        lambda s: cell_requests.CopyCells(table=s.t, records=[s.own.id, s.foreign.id]),
        {V.EXPORT},
    ),
    "records.history": (
        record_history.record_history,
        lambda s: [
            record_history.RecordHistoryAsked(table=s.t, record=one.id)
            for one in (s.own, s.foreign)
        ],
        {V.VIEW},
    ),
    "records.preview_put_back": (
        putting_back.preview_put_back,
        lambda s: [
            putting_back.BackAsked(table=s.t, record=one.id, version=1)
            for one in (s.own, s.foreign)
        ],
        {V.VIEW, V.EDIT},
    ),
    "records.put_back": (
        putting_back.put_back,
        lambda s: [
            putting_back.PutBack(table=s.t, record=one.id, version=1, rev=1)
            for one in (s.own, s.foreign)
        ],
        {V.VIEW, V.EDIT},
    ),
    "records.prove_history": (
        proving.prove_history,
        lambda s: [proving.ProveHistory(table=s.t, record=one.id) for one in (s.own, s.foreign)],
        {V.VIEW},
    ),
    "tables.history": (
        table_history.table_history,
        lambda s: [
            table_history.TableHistoryAsked(table=s.t, field=field) for field in (0, s.field(PAY))
        ],
        {V.VIEW},
    ),
    "tables.preview_revert": (
        reverting.preview_revert,
        lambda s: reverting.PreviewRevert(table=s.t, what="0" * 28),
        {V.VIEW, V.EDIT, V.DELETE},
    ),
    "tables.revert": (
        reverting.revert,
        lambda s: reverting.Revert(table=s.t, what="0" * 28),
        {V.VIEW, V.EDIT, V.DELETE},
    ),
    "views.list": (
        saved_views.list_views, lambda s: saved_views.ListViews(table=s.t), {V.VIEW},
    ),
    "views.get": (
        saved_views.get_view, lambda s: saved_views.GetView(table=s.t, view=s.view), {V.VIEW},
    ),
    "views.create": (saved_views.create_view, views, {V.VIEW}),
    "views.change": (
        saved_views.change_view,
        lambda s: saved_views.ChangeView(table=s.t, view=s.view, rev=1, name="n"),
        {V.VIEW, V.DESIGN},
    ),
    "views.delete": (
        saved_views.delete_view,
        lambda s: saved_views.OneView(table=s.t, view=s.view, rev=1),
        {V.VIEW, V.DESIGN},
    ),
    "views.restore": (
        saved_views.restore_view,
        lambda s: saved_views.OneView(table=s.t, view=gone(s), rev=2),
        {V.VIEW, V.DESIGN},
    ),
    "views.sharing": (sharing.sharing, lambda s: sharing.SharingOf(table=s.t), {V.VIEW}),
}  # fmt: skip
"""Operation → itself, what may be asked of it, and what that takes."""
ELSEWHERE = {
    "tables.restore": "a deleted table: in a test of its own below",
    "records.search_everywhere": "it takes no table: in a test of its own below",
    "tables.index_step": "a job of the machine: it reads no row for anybody",
}
"""Operations that take a table, and are proven otherwise."""


def takes_a_table(operation) -> bool:
    names, area = operation.request_type.__struct_fields__, operation.name.partition(".")[0]
    return area == "records" or ("table" in names and area in ("tables", "views"))


def is_step(operation) -> bool:
    """Tell whether it is a step of a job: those are asked by no plane, and walked by their jobs."""
    return not operation.planes


def requests(scene: Scene, name: str) -> list[Any]:
    asked = WAYS[name][1](scene)
    return [asked] if isinstance(asked, msgspec.Struct) else list(asked)


def said_by(run: Callable[[Context, Any], Any], context: Context, request: Any) -> str:
    """Return all that an answer tells, as text; an error tells something too."""
    try:
        answer = run(context, request)
    except TenshuError as error:
        return f"{error} {error.parameters}"
    if isinstance(answer, Download):
        return answer.filename + b"".join(answer.chunks).decode("utf-8-sig")
    return repr(answer)


def test_every_operation_that_takes_a_table_stands_here_METI_23():
    known = {one.name for one in all_operations() if takes_a_table(one) and not is_step(one)}
    assert known == WAYS.keys() | ELSEWHERE.keys() - {"tables.index_step"}


@pytest.mark.heavy
@pytest.mark.parametrize("name", WAYS)
def test_whom_no_rule_names_is_refused_everywhere_F4(scene, name):
    scene.rule(Rule(kind=Holder.PERSON, holder="other", verbs=ALL))
    for request in requests(scene, name):
        with pytest.raises(NotAllowed):
            WAYS[name][0](scene.me, request)


@pytest.mark.heavy
@pytest.mark.parametrize("name", WAYS)
def test_each_right_is_separate_F4(scene, name):
    run, _, needed = WAYS[name]
    for verb in needed:
        scene.rule(mine(*(one for one in ALL if one is not verb)))
        for request in requests(scene, name):
            if name == "views.create" and verb is V.DESIGN:
                continue
            with pytest.raises(NotAllowed):
                run(scene.me, request)


@pytest.mark.heavy
@pytest.mark.parametrize("name", WAYS)
def test_nothing_tells_of_hidden_fields_or_of_rows_out_of_scope_METI_22(scene, name):
    scene.narrow(*(one for one in ALL if one is not V.DESIGN))
    for request in requests(scene, name):
        told = said_by(WAYS[name][0], scene.me, request)
        for secret in SECRETS:
            assert secret not in told, (request, secret, told)
    kept = records.get_record(
        scene.office.context, records.GetRecord(table=scene.t, record=scene.foreign.id)
    )
    assert (kept.rev, kept.words[0]) == (1, "よその人"), "and nothing changed it"
    own = records.get_record(
        scene.office.context, records.GetRecord(table=scene.t, record=scene.own.id)
    )
    assert own.cells[1] == "100" or own.cells[1] == 100, "nor what is hidden"
    assert own.cells[3] == "x", "nor what is only read"


def test_jobs_of_a_person_reach_no_further_F4(scene):
    scene.narrow(*(one for one in ALL if one is not V.DESIGN))
    for said in files(scene):
        try:
            merging.import_into(scene.me, merging.StartMerge(table=scene.t, **said))
        except TenshuError:
            continue
    started = export_jobs.start_export(scene.me, exporting.ExportRecords(table=scene.t))
    worker = scene.office.worker()
    while worker.work_once():
        pass
    fetched = export_jobs.fetch_export(
        scene.me, export_jobs.FetchExport(table=scene.t, job=started.job)
    )
    told = b"".join(fetched.chunks).decode("utf-8-sig")
    assert "私の行" in told
    assert not [secret for secret in SECRETS if secret in told]
    errors = said_by(rejected.import_errors, scene.me, rejected.ImportErrors(table=scene.t))
    assert PAY not in errors
    kept = records.get_record(
        scene.office.context, records.GetRecord(table=scene.t, record=scene.foreign.id)
    )
    assert (kept.rev, kept.words[0]) == (1, "よその人")


def test_what_is_read_only_is_refused_with_its_name_and_defaults_still_apply_F4(scene):
    scene.narrow(V.VIEW, V.CREATE, V.EDIT, V.IMPORT)
    note, name, who = scene.field("備考"), scene.field("名前"), scene.field("本人")
    with pytest.raises(InvalidInput) as refused:
        records.update_record(
            scene.me,
            records.UpdateRecord(table=scene.t, record=scene.own.id, rev=1, values={note: "z"}),
        )
    assert refused.value.parameters["field"] == "備考"
    with pytest.raises(InvalidInput) as refused:
        records.create_record(
            scene.me, records.CreateRecord(table=scene.t, values={name: "n", note: "z"})
        )
    assert refused.value.parameters["field"] == "備考"
    how = How(fields=(name, note), mode=Mode.ADD)
    with pytest.raises(InvalidInput) as refused:
        merging.import_into(
            scene.me,
            merging.StartMerge(table=scene.t, upload=scene.upload("a,b\r\nc,d\r\n"), how=how),
        )
    assert refused.value.parameters["field"] == "備考"
    made = records.create_record(
        scene.me, records.CreateRecord(table=scene.t, values={name: "n", who: "me"})
    )
    whole = records.get_record(
        scene.office.context, records.GetRecord(table=scene.t, record=made.id)
    )
    assert whole.words[1] == "¥1", "the default of the hidden field"
    seen = tables.get_table(scene.me, tables.GetTable(table=scene.t))
    assert {one.name: one.read_only for one in seen.fields}["備考"]
    assert seen.may == [V.VIEW, V.CREATE, V.EDIT, V.IMPORT]


def test_who_changes_without_seeing_is_told_what_they_wrote_and_nothing_else_F4(scene):
    scene.rule(mine(V.EDIT))
    note = scene.field("備考")
    done = records.update_record(
        scene.me,
        records.UpdateRecord(table=scene.t, record=scene.foreign.id, rev=1, values={note: "z"}),
    )
    assert done.words == ["", "", "", "z", ""]
    assert done.cells == [None, None, None, "z", None]


def test_a_row_stays_within_reach_or_is_not_written_METI_22(scene):
    scene.narrow(*(one for one in ALL if one is not V.DESIGN))
    who, name = scene.field("本人"), scene.field("名前")
    away = records.UpdateRecord(table=scene.t, record=scene.own.id, rev=1, values={who: "other"})
    with pytest.raises(OutOfReach):
        records.update_record(scene.me, away)
    with pytest.raises(OutOfReach):
        records.create_record(
            scene.me, records.CreateRecord(table=scene.t, values={name: "n", who: "other"})
        )
    with pytest.raises(NotFound):
        records.delete_record(
            scene.me, records.DeleteRecord(table=scene.t, record=scene.foreign.id, rev=1)
        )
    taken = records.UpdateRecord(
        table=scene.t, record=scene.own.id, rev=1, values={scene.field("番号"): "B2"}
    )
    with pytest.raises(InvalidInput) as refused:
        records.update_record(scene.me, taken)
    assert "B2" not in str(refused.value), "that it is taken is told, and not by whom"
    listed = records.list_records(scene.office.context, records.ListRecords(table=scene.t))
    assert [(one.id, one.rev) for one in listed.records] == [
        (scene.own.id, 1),
        (scene.foreign.id, 1),
    ]


@pytest.mark.parametrize("is_indexed", [False, True])
def test_a_search_of_all_tables_finds_no_more_than_each_person_sees_METI_22(scene, is_indexed):
    scene.narrow(V.VIEW)
    worker = scene.office.worker()
    while is_indexed and worker.work_once():
        pass
    for secret in SECRETS:
        asked = searching.SearchEverywhere(search=secret)
        assert searching.search_everywhere(scene.me, asked).total == 0, secret
    asked = searching.SearchEverywhere(search="私の行")
    told = searching.search_everywhere(scene.me, asked)
    assert [one.total for one in told.tables] == [1]
    assert not [secret for secret in SECRETS if secret in repr(told)]
    whole = searching.search_everywhere(scene.office.context, asked)
    assert whole.total == 2, "the record, and the one that links to it"
    scene.rule(Rule(kind=Holder.PERSON, holder="other", verbs=ALL))
    assert searching.search_everywhere(scene.me, asked).total == 0


def test_a_mark_made_of_a_row_that_is_not_seen_tells_no_more_than_one_of_no_row_METI_22(scene):
    scene.narrow(V.VIEW)
    sort = Sort(field=scene.field("名前"))

    def seen(number: int, **way: bool) -> list[RecordView]:
        mark = mark_at((sort,), ("x" * 9_000,), number)  # too long: the row's own value counts
        asked = {"before" if way else "after": mark, "sorts": (sort,)}
        return records.list_records(scene.me, records.ListRecords(table=scene.t, **asked)).records

    assert seen(scene.foreign.id) == seen(4_711)
    assert seen(scene.foreign.id, back=True) == seen(4_711, back=True)


def test_links_to_rows_that_are_not_seen_show_a_neutral_word_and_are_not_searched_METI_22(scene):
    scene.narrow(V.VIEW)
    page = records.list_records(scene.me, records.ListRecords(table=scene.linking.id))
    assert [one.words for one in page.records] == [["窓際", "Not visible"], ["中央", "私の行"]]
    found = records.list_records(
        scene.me, records.ListRecords(table=scene.linking.id, search="よその")
    )
    assert found.records == []
    link = scene.linking.fields[1].id
    choices = records.list_choices(
        scene.me, records.ListChoices(table=scene.linking.id, field=link)
    )
    assert choices.names == [f"{scene.own.id} 私の行"]
    with pytest.raises(InvalidInput):
        records.create_record(
            scene.me,
            records.CreateRecord(table=scene.linking.id, values={link: scene.foreign.id}),
        )
    holds = Filter(field=link, test=Comparison.CONTAINS, value="よその")
    with pytest.raises(InvalidInput):
        records.list_records(
            scene.me,
            records.ListRecords(table=scene.linking.id, where=Conditions(filters=(holds,))),
        )
    whole = records.list_records(
        scene.office.context, records.ListRecords(table=scene.linking.id, search="よその")
    )
    assert [one.words[1] for one in whole.records] == ["よその人"]


def names(context: Context, scene: Scene) -> list[str]:
    page = records.list_records(context, records.ListRecords(table=scene.t))
    return [one.words[0] for one in page.records]


def test_rows_are_those_of_a_person_of_a_group_or_of_a_shared_view_METI_22(scene):
    who = scene.field("本人")
    scene.rule(mine(V.VIEW, rows=RowsOf.OWN))  # by who made it
    assert names(scene.me, scene) == []
    scene.rule(mine(V.VIEW, rows=RowsOf.OWN, by=who))
    assert names(scene.me, scene) == ["私の行"]
    scene.rule(mine(V.VIEW, rows=RowsOf.GROUP, by=who))
    assert names(scene.me, scene) == ["私の行"]
    with scene.office.appliance.database.write() as session:
        session.add(Membership(group="g1", account="other"))
    assert names(scene.me, scene) == ["私の行", "よその人"], "of the very next request"
    scene.rule(mine(V.VIEW, rows=RowsOf.VIEW, view=scene.view, hidden=(scene.field(PAY),)))
    assert names(scene.me, scene) == ["よその人"], "by a condition on what is hidden from me"
    asked = saved_views.OneView(table=scene.t, view=scene.view, rev=1)
    saved_views.delete_view(scene.office.context, asked)
    assert names(scene.me, scene) == [], "what cannot be told reaches nothing"
    own = saved_views.create_view(
        scene.office.context, saved_views.CreateView(table=scene.t, name="mine")
    )
    with pytest.raises(InvalidInput):
        scene.rule(mine(V.VIEW, rows=RowsOf.VIEW, view=own.id))


def test_rules_for_the_same_rows_add_up_and_others_show_what_all_of_them_show_F4(scene):
    who, pay, note = scene.field("本人"), scene.field(PAY), scene.field("備考")

    def seen() -> tuple[list[str], list[str]]:
        page = records.list_records(scene.me, records.ListRecords(table=scene.t))
        return [one.words[0] for one in page.records], [one.name for one in page.table.fields]

    everybody = Rule(kind=Holder.EVERYBODY, verbs=(V.VIEW,), hidden=(pay, note))
    scene.rule(everybody, Rule(kind=Holder.GROUP, holder="g1", verbs=(V.VIEW,), hidden=(note,)))
    assert seen()[1] == ["名前", PAY, "本人", "番号"], "both are of all rows"
    scene.rule(everybody, mine(V.VIEW, rows=RowsOf.OWN, by=who))
    assert seen() == (["私の行", "よその人"], ["名前", "本人", "番号"])
    scene.rule(
        mine(V.VIEW, rows=RowsOf.OWN, by=who, hidden=(note,)),
        Rule(kind=Holder.GROUP, holder="g1", verbs=(V.VIEW,), rows=RowsOf.VIEW, view=scene.view),
    )
    assert seen() == (["私の行", "よその人"], ["名前", PAY, "本人", "番号"])
    scene.rule(everybody, mine(V.EDIT, rows=RowsOf.OWN, by=who))
    with pytest.raises(NotFound):
        records.update_record(
            scene.me,
            records.UpdateRecord(table=scene.t, record=scene.foreign.id, rev=1, values={who: "me"}),
        )
    done = records.update_record(
        scene.me,
        records.UpdateRecord(
            table=scene.t, record=scene.own.id, rev=1, values={scene.field("番号"): "A9"}
        ),
    )
    assert done.words == ["私の行", "私", "A9"], "what is hidden is not shown for being changed"


def test_who_made_a_table_and_who_gives_rights_keep_it_and_others_never_more_F4(scene):
    scene.rule(mine(V.VIEW))
    assert names(scene.office.context, scene) == ["私の行", "よその人"]
    owner = scene.office.as_person("x", ("grants.manage", ""), ("records.view", "tables"))
    assert len(names(owner, scene)) == 2
    scene.rule(Rule(kind=Holder.EVERYBODY, verbs=ALL))
    nobody = scene.office.as_person("y", ("records.view", f"tables/{scene.linking.id}"))
    with pytest.raises(NotAllowed):
        names(nobody, scene)  # a rule gives nothing that administrators do not
    token = Context(
        scene.office.appliance,
        actor=Actor("me", "私", Rights([("records.view", "tables")]), token="t"),
        plane=Plane.WORKSPACE,
    )
    with pytest.raises(NotAllowed):
        records.create_record(token, records.CreateRecord(table=scene.t, values={}))


def test_a_grant_on_one_view_reaches_its_rows_and_columns_and_nothing_else_F4(scene):
    name, pay, who, _, number = (one.id for one in scene.table.fields)
    mine_only = Filter(field=who, test=Comparison.EQUALS, value="me")
    said = Definition(columns=(name, number), where=Conditions(filters=(mine_only,)))
    made = saved_views.create_view(
        scene.office.context,
        saved_views.CreateView(table=scene.t, name="私の", shared=Shared.ALL, definition=said),
    )
    place = f"tables/{scene.t}/views/{made.id}"
    guest = scene.office.as_person("g", ("records.view", place), ("records.edit", place))
    assert names(guest, scene) == ["私の行"]
    seen = tables.get_table(guest, tables.GetTable(table=scene.t))
    assert [one.id for one in seen.fields] == [name, number]
    assert seen.may == [V.VIEW, V.EDIT]
    assert [one.id for one in tables.list_tables(guest, tables.ListTables()).tables] == [scene.t]
    with pytest.raises(InvalidInput):
        records.list_records(guest, records.ListRecords(table=scene.t, sorts=(Sort(field=pay),)))
    with pytest.raises(NotFound):
        records.get_record(guest, records.GetRecord(table=scene.t, record=scene.foreign.id))
    done = records.update_record(
        guest,
        records.UpdateRecord(table=scene.t, record=scene.own.id, rev=1, values={number: "A9"}),
    )
    assert done.words == ["私の行", "A9"]
    for run, asked in (
        (records.create_record, records.CreateRecord(table=scene.t, values={name: "n"})),
        (exporting.export_records, exporting.ExportRecords(table=scene.t)),
        (fields.list_deleted_fields, fields.ListDeletedFields(table=scene.t)),
        (records.list_records, records.ListRecords(table=scene.linking.id)),
    ):
        with pytest.raises(NotAllowed):
            run(guest, asked)
    scene.narrow(V.VIEW)
    with pytest.raises(NotAllowed):
        names(guest, scene)  # the rules of the table name somebody else


def test_nobody_shuts_themselves_out_of_designing_and_rules_that_make_no_sense_are_refused_F4(
    scene,
):
    scene.rule(mine(*ALL))
    asked = rights.SetRules(table=scene.t, rev=scene.rev, rules=(mine(V.VIEW),))
    with pytest.raises(InvalidInput):
        rights.set_rights(scene.me, asked)
    with pytest.raises(Conflict):
        rights.set_rights(scene.me, rights.SetRules(table=scene.t, rev=1, rules=(mine(*ALL),)))
    for bad in (
        Rule(kind=Holder.PERSON, holder="nobody", verbs=(V.VIEW,)),
        Rule(kind=Holder.GROUP, holder="nobody", verbs=(V.VIEW,)),
        Rule(kind=Holder.ROLE, holder="nobody", verbs=(V.VIEW,)),
        Rule(kind=Holder.EVERYBODY, holder="me", verbs=(V.VIEW,)),
        Rule(kind=Holder.PERSON, verbs=(V.VIEW,)),
        mine(V.VIEW, hidden=(999,)),
        mine(V.VIEW, rows=RowsOf.OWN, by=scene.field("名前")),
        mine(V.VIEW, rows=RowsOf.VIEW),
        mine(V.VIEW, rows=RowsOf.VIEW, view=999),
    ):
        with pytest.raises(InvalidInput):
            scene.rule(bad)


def test_a_deleted_table_is_brought_back_by_who_designs_it_F4(scene):
    scene.narrow(V.VIEW)
    tables.delete_table(scene.office.context, tables.ChangeTable(table=scene.t, rev=scene.rev))
    gone = tables.list_tables(scene.me, tables.ListTables(deleted=True)).tables
    assert PAY not in [field.name for one in gone for field in one.fields]
    with pytest.raises(NotAllowed):
        tables.restore_table(scene.me, tables.ChangeTable(table=scene.t, rev=gone[0].rev))


def test_somebody_is_seen_as_they_are_and_why_METI_45(scene):
    scene.narrow(V.VIEW, V.EDIT)
    with scene.office.appliance.database.write() as session:
        account = session.get(Account, "me")
        pairs = [
            ["tables.design", "tables"],
            *[[f"records.{v}", "tables"] for v in ("view", "edit")],
        ]
        account.rights = msgspec.json.encode(sorted(pairs)).decode()
        session.add(account)
    seen = seeing_as.see_as(scene.office.context, seeing_as.SeeAs(table=scene.t, person="私"))
    assert (seen.name, seen.active, seen.all_rows) == ("私", True, 2)
    told = {one.verb: one for one in seen.verbs}
    assert (told[V.VIEW].allowed, told[V.VIEW].rows, told[V.VIEW].rules) == (True, 1, [0])
    assert told[V.VIEW].hidden == [scene.field(PAY)]
    assert told[V.EDIT].read == [scene.field("備考")]
    assert (told[V.DESIGN].allowed, told[V.DESIGN].given, told[V.DESIGN].rules) == (False, True, [])
    assert (told[V.EXPORT].allowed, told[V.EXPORT].given) == (False, False)
    with pytest.raises(InvalidInput):
        seeing_as.see_as(scene.office.context, seeing_as.SeeAs(table=scene.t, person="nobody"))


def test_who_may_not_export_gets_a_number_of_cells_and_who_may_leaves_an_event_METI_23(
    scene, last_event
):
    appliance = scene.me.appliance
    settings = msgspec.structs.replace(appliance.settings, cells_without_export=5)
    few = replace(scene.me, appliance=replace(appliance, settings=settings), through_api=True)
    scene.rule(mine(V.VIEW))
    asked = records.ListRecords(table=scene.t, limit=1)
    page = records.list_records(few, asked)
    assert (len(page.records), page.after) == (1, "")
    with pytest.raises(TooManyCells):
        records.list_records(few, records.ListRecords(table=scene.t))
    mark = mark_at((), (), scene.own.id)
    with pytest.raises(NoFurtherPages):
        records.list_records(few, records.ListRecords(table=scene.t, limit=1, after=mark))
    assert len(records.list_records(scene.me, records.ListRecords(table=scene.t)).records) == 2
    scene.rule(mine(V.VIEW, V.EXPORT))
    assert records.list_records(few, asked).after
    told = last_event()
    assert (told["verb"], told["numbers"]) == ("tables.hand_out", {"rows": 1, "cells": 5})


def test_a_change_of_rights_tells_who_whose_before_and_after_F5(scene, last_event):
    scene.rule(mine(V.VIEW))
    scene.rule(mine(V.VIEW, V.EDIT))
    told = last_event()
    assert (told["verb"], told["actor"], told["target"]) == (
        "tables.set_rights",
        "boss",
        str(scene.t),
    )
    assert '"verbs":["view"]' in told["before"]["rules"]
    assert '"verbs":["view","edit"]' in told["after"]["rules"]
    assert '"holder":"me"' in told["after"]["rules"]


@pytest.fixture
def last_event(appliance):
    def read() -> dict[str, Any]:
        with appliance.database.read() as session:
            last = select(OutboxEvent).order_by(OutboxEvent.id.desc()).limit(1)
            row = session.connection().execute(last).one()
        told = msgspec.json.decode(row.content)
        for part in msgspec.json.decode(row.parts):
            if part["name"] == "target":
                told.update(msgspec.json.decode(part["values"]))
        return told

    return read
