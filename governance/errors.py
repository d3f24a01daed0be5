"""Errors of governance; branches of the tree in `features/errors.py`.

FreinError
├── PipelineError             the pipeline file is malformed, or unlocks a decision
├── RulesError                a file of rules is malformed, or two rules could fight
├── ExceptionsError           a file of exceptions is malformed
├── JudgementError            the lists of what people may say are malformed
├── CrmUsersError             the list of the CRM's users is malformed
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
