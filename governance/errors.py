"""Errors of governance; branches of the tree in `features/errors.py`.

FreinError
├── PipelineError             the pipeline file is malformed, or unlocks a decision
├── RulesError                a file of rules is malformed, or two rules could fight
├── ExceptionsError           a file of exceptions is malformed
├── JudgementError            the lists of what people may say are malformed
├── CrmUsersError             the list of the CRM's users is malformed
├── EventNamesError           the table of events' names is malformed
├── StagesHeldError           leads stand where a stage may not change
├── LostReasonError           who says that a lead is lost doesn't say why
├── StageUnknownError         no such stage in the pipeline
├── StageAlreadyHeldError     the lead stands at that stage already
└── ActionNotAutomaticError   lock 2: an automation tried what is for people
"""

from features.errors import FreinError


class PipelineError(FreinError):
    code = "pipeline_invalid"


class RulesError(FreinError):
    code = "rules_invalid"


class ExceptionsError(FreinError):
    code = "exceptions_invalid"


class JudgementError(FreinError):
    code = "judgement_invalid"


class CrmUsersError(FreinError):
    code = "crm_users_invalid"


class EventNamesError(FreinError):
    code = "event_names_invalid"


class StagesHeldError(FreinError):
    """A stage changed in the file in a way that the leads which stand there forbid:
    `named` are the first of them."""

    code = "stages_held"

    def __init__(self, stage: str, what: str, count: int, named: str) -> None:
        super().__init__(
            f"stage {stage!r} {what}, and {count} leads stand there ({named}): move "
            "them first, or give the stage its new name with `formerly`"
        )
        self.stage = stage
        self.count = count
        self.named = named


class LostReasonError(FreinError):
    """`reasons` are those of the company's list."""

    code = "lost_reason_missing"
    field = "lost_reason"

    def __init__(self, reasons: str) -> None:
        super().__init__(reasons)
        self.reasons = reasons


class StageUnknownError(FreinError):
    code = "stage_unknown"

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage


class StageAlreadyHeldError(FreinError):
    code = "stage_already_held"

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage


class ActionNotAutomaticError(FreinError):
    code = "action_not_automatic"
