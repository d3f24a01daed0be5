"""`frein audit`: verify, trace, anchor."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.tree import Tree

from governance.audit.chain import Action, Break, BreakKind
from governance.people.principal import PrincipalKind
from serving.cli.service import Lead, open_store, out

if TYPE_CHECKING:
    from serving.audit.trace import Trace
    from serving.repositories.audit import AuditRecord

audit = typer.Typer(help="What was done, by whom and why.", no_args_is_help=True)

_BROKEN = {
    BreakKind.ROW_MISSING: "row {seq} is missing",
    BreakKind.ROW_CHANGED: "row {seq} was changed after it was written",
    BreakKind.ROW_UNLINKED: "row {before} is not the one that row {seq} was chained to",
    BreakKind.ANCHOR_DIFFERS: "row {seq} is not the one that was signed",
    BreakKind.TAIL_CUT: "the end was cut: row {seq} and later ones, up to the last "
    "anchor at least, are missing",
    BreakKind.ANCHOR_FORGED: "the anchor of row {seq} was not signed with our key",
    BreakKind.ANCHORS_GONE: "the key that signs anchors is there, and no anchor is: "
    "the file was emptied or removed",
    BreakKind.HEAD_LOST: "row {seq} and later ones are missing: the service had seen "
    "them (was the store copied without its -wal file, or an older one put back?)",
}
_DETAILS = ("asked", "fate", "winner", "clause", "kind", "held_by")  # of why


@audit.command("verify")
def verify(
    whole: Annotated[
        bool, typer.Option("--all", help="From the first row, not the last anchor.")
    ] = False,
) -> None:
    """Verify the chain and its anchors, and hold the store against it; what is broken
    or differs is said, and exits 1."""
    from serving.audit.anchors import read_anchors
    from serving.audit.reconciliation import faults, reconcile
    from serving.audit.tombstones import Tombstones, tombstone_faults
    from serving.audit.verification import find_break

    with open_store() as (settings, store):
        folder = settings.anchors_folder
        broken = find_break(store, folder, whole=whole)
        if broken is not None:
            typer.echo(f"Broken: {described(broken)}.")
            raise typer.Exit(1)
        tombstones = Tombstones(folder).read()
        found = reconcile(store)
        buried = list(tombstone_faults(store, folder, tombstones))
    anchors = {anchor.seq for anchor in read_anchors(folder)}
    _tell([*faults(found, anchors), *buried])
    if found.changed_locks is None:
        typer.echo("The database's locks could not be compared: it lets us make none.")
    last = max(anchors, default=None)
    if last is None:
        typer.echo("The audit is whole. No row is anchored: a cut end would not show.")
    elif whole:
        typer.echo(f"The audit is whole. Row {last} is the last that is anchored.")
    else:
        typer.echo(f"Whole since the last anchor, of row {last}.")


@audit.command("anchor")
def make_anchor() -> None:
    """Sign the chain's end, after verifying it, and append it to the anchors' file."""
    from serving.audit.verification import anchor

    with open_store() as (settings, store):
        anchored = anchor(store, settings.anchors_folder, datetime.now(UTC))
    if anchored is None:
        typer.echo("Nothing new to anchor.")
    else:
        typer.echo(f"Row {anchored.seq} is anchored: {anchored.hash}")


@audit.command("trace")
def trace(
    lead: Lead,
    last: Annotated[int, typer.Option(min=1, help="How many entries.")] = 100,
) -> None:
    """Show what was done to a lead: each effect under what it follows from."""
    from serving.audit.trace import trace_of

    with open_store() as (_, store):
        lead_trace = trace_of(store, lead, last)
    out.print(_tree(lead, lead_trace))


def _tell(faults: Sequence[str]) -> None:
    """Say what is wrong, and exit 1 if something is."""
    from serving.audit.reconciliation import FAULTS_TOLD

    for fault in faults[:FAULTS_TOLD]:
        typer.echo(fault)
    if faults:
        typer.echo(f"{len(faults)} faults in all. The chain itself is whole.")
        raise typer.Exit(1)


def described(broken: Break) -> str:
    """The break of a chain, in words."""
    return _BROKEN[broken.kind].format(seq=broken.seq, before=broken.seq - 1)


def _tree(lead: str, trace: "Trace") -> Tree:
    root = Tree(f"[bold]{escape(lead)}[/bold]")
    facts: dict[int, Tree] = {}
    for entry in trace.beginnings():
        event = entry.cause.event
        if event is not None and event not in facts:
            facts[event] = root.add(_fact(event, trace))
        _grow(root if event is None else facts[event], entry, trace)
    return root


def _grow(under: Tree, entry: "AuditRecord", trace: "Trace") -> None:
    branch = under.add(_line(entry))
    for effect in trace.following(entry.id):
        _grow(branch, effect, trace)


def _fact(row: int, trace: "Trace") -> str:
    fact = trace.events.get(row)
    if fact is None:
        return f"event {row}, erased since"
    return escape(f"{fact.kind} ({fact.source}) {_minute(fact.occurred_at)}")


def _line(entry: "AuditRecord") -> str:
    who = entry.who.name or f"{entry.who.kind} {entry.who.id}"
    change = _change(entry)
    is_told = entry.means and entry.who.kind != PrincipalKind.AUTOMATION
    means = f" ({str(entry.means).replace('_', ' ')})" if is_told else ""
    done = f"{entry.seq} {entry.action}{change} · {who}{means} · {_minute(entry.at)}"
    return escape(done + _why(entry))


def _change(entry: "AuditRecord") -> str:
    before, after = entry.before or {}, entry.after or {}
    both = [name for name in before if name in after]
    if both:
        return "".join(f" {before[name] or '–'} → {after[name]}" for name in both)
    return "".join(f" {after[key]}" for key in ("proposed", "expected") if key in after)


def _why(entry: "AuditRecord") -> str:
    why = entry.why
    reasons = why.get("reasons")
    if entry.action == Action.PRIORITY_CHANGED and isinstance(reasons, list):
        ideas = ", ".join(
            str(reason["idea"]) for reason in reasons if isinstance(reason, dict)
        )
        score = f"score {why['score']:.1f}, model {why['model_version']}"
        return f"\n{score}" + (f": {ideas}" if ideas else "")
    details = [why.get(name) for name in _DETAILS]
    return "".join(f" · {detail}" for detail in details if detail)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
