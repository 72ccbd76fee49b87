#include "proto/control.h"

const char *
vdr_proposal_kind_name(vdr_proposal_kind kind)
{
    switch (kind) {
    case VDR_PROPOSAL_CONFIG:
        return "config";
    case VDR_PROPOSAL_PAUSE:
        return "pause";
    case VDR_PROPOSAL_SILENCE:
        return "silence";
    }
    return "";
}

const char *
vdr_proposal_state_name(vdr_proposal_state state)
{
    switch (state) {
    case VDR_PROPOSAL_OPEN:
        return "open";
    case VDR_PROPOSAL_APPROVED:
        return "approved";
    case VDR_PROPOSAL_REJECTED:
        return "rejected";
    case VDR_PROPOSAL_WITHDRAWN:
        return "withdrawn";
    }
    return "";
}
