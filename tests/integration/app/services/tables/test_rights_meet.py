"""Where rules, jobs, history and programs meet: what one of them alone would let through (F4)."""

from dataclasses import replace

import msgspec
import pytest

from app.core.errors import InvalidInput
from app.operations.permissions import Permission, Rights
from app.services.tables.errors import NothingToFetch, OutOfReach, TooManyCells
from app.services.tables.merging import How, Mode
from app.services.tables.models import FieldKind
from app.services.tables.operations import (
    cell_requests,
    cells,
    export_jobs,
    exporting,
    fields,
    merging,
    putting_back,
    record_history,
    records,
    rejected,
    reverting,
    rights,
    saved_views,
    table_history,
    tables,
)
from app.services.tables.rules import RowsOf, Verb
from app.services.tables.saved_views import Shared
from tests.integration.app.services.tables.test_rights import PAY, Scene, mine, scene

__all__ = ["scene"]

EXPORT = Permission.RECORDS_EXPORT


def as_program(scene: Scene, *grants: tuple[str, str]):
    """The person's program, with a token of these rights."""
    actor = replace(scene.me.actor, rights=Rights(grants), token="t1")
    return replace(scene.me, actor=actor, through_api=True)


def work(scene: Scene) -> None:
    worker = scene.office.worker()
    while worker.work_once():
        continue


def file_of(scene: Scene, context, job: str) -> list[str]:
    wanted = export_jobs.FetchExport(table=scene.t, job=job)
    chunks = export_jobs.fetch_export(context, wanted).chunks
    return b"".join(chunks).decode("utf-8-sig").splitlines()


def test_a_job_that_a_program_asked_for_has_its_tokens_rights_and_no_more_F4(scene: Scene):
    view = f"tables/{scene.t}/views/{scene.view}"
    program = as_program(scene, (EXPORT, view), (Permission.RECORDS_VIEW, view))
    asked = exporting.ExportRecords(table=scene.t)
    started = export_jobs.start_export(program, asked)
    work(scene)
    narrow = file_of(scene, program, started.job)
    started = export_jobs.start_export(scene.me, asked)
    work(scene)
    assert (len(narrow), len(file_of(scene, scene.me, started.job))) == (2, 3)


def test_a_file_made_before_the_rules_changed_is_not_handed_out_any_more_F4(scene: Scene):
    started = export_jobs.start_export(scene.me, exporting.ExportRecords(table=scene.t))
    work(scene)
    assert len(file_of(scene, scene.me, started.job)) == 3
    scene.narrow(Verb.VIEW, Verb.EXPORT)
    with pytest.raises(NothingToFetch):
        file_of(scene, scene.me, started.job)


def test_taking_back_reaches_no_record_that_one_may_not_delete_F4(scene: Scene):
    own = {"rows": RowsOf.OWN, "by": scene.field("本人")}
    scene.rule(mine(Verb.VIEW, Verb.EDIT), mine(Verb.DELETE, **own))
    lines = table_history.table_history(
        scene.me, table_history.TableHistoryAsked(table=scene.t)
    ).lines
    with pytest.raises(InvalidInput):
        reverting.preview_revert(
            scene.me, reverting.PreviewRevert(table=scene.t, what=lines[0].what)
        )


def test_a_deleted_record_comes_back_only_where_one_may_delete_F4(scene: Scene):
    records.delete_record(
        scene.office.context,
        records.DeleteRecord(table=scene.t, record=scene.foreign.id, rev=scene.foreign.rev),
    )
    own = {"rows": RowsOf.OWN, "by": scene.field("本人")}
    scene.rule(mine(Verb.VIEW, Verb.EDIT), mine(Verb.DELETE, **own))
    back = putting_back.PutBack(
        table=scene.t, record=scene.foreign.id, version=1, rev=scene.foreign.rev + 1, leave=True
    )
    with pytest.raises(OutOfReach):
        putting_back.put_back(scene.me, back)


def test_a_program_takes_no_table_by_asking_what_is_newer_F4(scene: Scene):
    scene.rule(mine(Verb.VIEW, Verb.EDIT))
    settings = replace_settings(scene, 3)
    program = replace(scene.me, appliance=settings, through_api=True)
    asked = cell_requests.ListNewer(table=scene.t, seen={scene.own.id: 0, scene.foreign.id: 0})
    with pytest.raises(TooManyCells):
        cells.list_newer(program, asked)
    assert cells.list_newer(scene.me, asked).records, "a page shows what it gets"
    wrong = cell_requests.RecordCells(
        record=scene.own.id, rev=scene.own.rev, values={scene.field(PAY): "no money"}
    )
    changed = cells.change_cells(program, cell_requests.ChangeCells(table=scene.t, changes=[wrong]))
    assert (changed.newest, len(changed.refused)) == ([], 1)


def replace_settings(scene: Scene, number: int):
    appliance = scene.office.appliance
    settings = msgspec.structs.replace(appliance.settings, cells_without_export=number)
    return replace(appliance, settings=settings)


def test_who_imports_and_sees_nothing_gets_ones_own_rejected_rows_alone_F4(scene: Scene):
    how = How(fields=(scene.field(PAY),), mode=Mode.ADD)
    upload = scene.office.upload("給与\n秘密の行\n".encode())
    merging.import_into(
        scene.office.context, merging.StartMerge(table=scene.t, upload=upload, header=True, how=how)
    )
    work(scene)
    asked = rejected.ImportErrors(table=scene.t)
    assert rejected.count_import_errors(scene.office.context, asked).rows
    scene.rule(mine(Verb.IMPORT, Verb.CREATE))
    assert rejected.count_import_errors(scene.me, asked).rows == 0


def test_a_field_that_was_hidden_and_is_deleted_stays_out_of_the_history_F4(scene: Scene):
    scene.narrow(Verb.VIEW)
    rev = tables.get_table(scene.office.context, tables.GetTable(table=scene.t)).rev
    gone = fields.OneField(table=scene.t, rev=rev, field=scene.field(PAY))
    fields.delete_field(scene.office.context, gone)
    scene.rule(mine(Verb.VIEW))  # somebody says it anew: the deleted field cannot be named
    found = record_history.record_history(
        scene.me, record_history.RecordHistoryAsked(table=scene.t, record=scene.own.id)
    )
    told = str(found)
    assert PAY not in told
    assert "7654321" not in told.replace(",", "")


def test_what_an_import_may_touch_is_cut_with_the_rule_for_imports_F4(scene: Scene):
    salary = scene.field(PAY)
    scene.rule(mine(Verb.VIEW, Verb.CREATE, Verb.EDIT), mine(Verb.IMPORT, read=(salary,)))
    how = How(fields=(salary,), mode=Mode.ADD)
    upload = scene.upload("給与\n1\n")
    with pytest.raises(InvalidInput):
        merging.import_into(
            scene.me, merging.StartMerge(table=scene.t, upload=upload, header=True, how=how)
        )


def test_who_and_when_are_told_at_each_record_and_hidden_by_no_rule_F4(scene: Scene):
    made = fields.AddField(table=scene.t, rev=scene.rev, name="作成者", kind=FieldKind.CREATED_BY)
    added = fields.add_field(scene.office.context, made)
    number = added.fields[-1].id
    with pytest.raises(InvalidInput):
        rights.set_rights(
            scene.office.context,
            rights.SetRules(
                table=scene.t, rev=scene.rev, rules=(mine(Verb.VIEW, hidden=(number,)),)
            ),
        )


def test_who_may_see_one_view_is_told_of_no_other_F4(scene: Scene):
    said = saved_views.CreateView(table=scene.t, name="みんなの", shared=Shared.ALL)
    saved_views.create_view(scene.office.context, said)
    one = Rights([(Permission.RECORDS_VIEW, f"tables/{scene.t}/views/{scene.view}")])
    narrow = replace(scene.me, actor=replace(scene.me.actor, rights=one))
    seen = saved_views.list_views(narrow, saved_views.ListViews(table=scene.t)).views
    assert [view.id for view in seen] == [scene.view]
    assert len(saved_views.list_views(scene.me, saved_views.ListViews(table=scene.t)).views) == 2


def test_nobody_takes_all_the_views_that_a_table_may_have(scene: Scene, monkeypatch):
    monkeypatch.setattr("app.services.tables.saved_views.MOST_OWN", 1)
    said = saved_views.CreateView(table=scene.t, name="私の")
    saved_views.create_view(scene.me, said)
    with pytest.raises(InvalidInput):
        saved_views.create_view(scene.me, said)
    with pytest.raises(InvalidInput):  # the scene's own view was made by this person
        saved_views.create_view(scene.office.context, said)
