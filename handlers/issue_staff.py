"""Issues as the grid worker handles them: accept, decline, join, part."""

from bot.context import Ctx
from bot.router import Args, command
from domain.roles import Role
from services import issue_staff, issues
from texts.say import say


@command("issue.accept", "受理 {issue}", "{I} 受理", role=Role.GRID_WORKER, usage="受理 I12")
def accept(ctx: Ctx, args: Args) -> str:
    """Takes an issue up."""
    return say("issue.accepted", issue=issue_staff.accept(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now))


@command("issue.reject", "(不予受理|不受理) {issue}", "(不予受理|不受理) {issue} {rest}", "{I} (不予受理|不受理)",
         "{I} (不予受理|不受理) {rest}", role=Role.GRID_WORKER, usage="不予受理 I12 属交警职责，请打 122")
def reject(ctx: Ctx, args: Args) -> str:
    """Declines an issue with a reason."""
    row = issue_staff.reject(ctx.tx, ctx.speaker, number=args.issue, reason=args.rest, now=ctx.now)
    return say("issue.rejected", issue=row, reason=args.rest)


@command("issue.merge", "合并 {issue} (到|进|和)? {issue2}", "{I} 合并 (到|进)? {issue2}", role=Role.GRID_WORKER,
         usage="合并 I13 I12")
def merge(ctx: Ctx, args: Args) -> str:
    """Joins the first issue into the second."""
    source, target = issue_staff.merge(ctx.tx, ctx.speaker, number=args.issue, into=args.issue2, now=ctx.now)
    return say("issue.merged", source=source, target=target, behind=issues.supporters(ctx.tx, target.id))


@command("issue.unmerge", "(拆开|取消合并) {issue}", "{I} (拆开|取消合并)", role=Role.GRID_WORKER, usage="拆开 I13")
def unmerge(ctx: Ctx, args: Args) -> str:
    """Takes the joining of two issues back."""
    row, target = issue_staff.unmerge(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("issue.unmerged", issue=row, target=target, behind=issues.supporters(ctx.tx, row.id))
