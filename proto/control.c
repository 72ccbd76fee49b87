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
    case VDR_PROPOSAL_KEY:
        return "key";
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

const char *
vdr_party_key_state_name(vdr_party_key_state state)
{
    switch (state) {
    case VDR_PARTY_KEY_PROPOSED:
        return "proposed";
    case VDR_PARTY_KEY_VALID:
        return "valid";
    case VDR_PARTY_KEY_EXPIRED:
        return "expired";
    case VDR_PARTY_KEY_REVOKED:
        return "revoked";
    case VDR_PARTY_KEY_REFUSED:
        return "refused";
    }
    return "";
}
