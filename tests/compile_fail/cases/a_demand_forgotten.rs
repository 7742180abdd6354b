// E0004: a verdict of the gate is left without an answer.
use crate::rules::gate::Verdict;

pub(super) fn may_enter(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Admit { .. } => true,
        Verdict::Refuse(_) => false,
    }
}
