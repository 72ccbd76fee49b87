/* broker/core/effect_form.h - how an effect lies in a tale: what effect.c and effect_write.c share, only.
 *
 * An effect is: one byte, the kind in the low three bits and the flags below; a varint, at + 1 or 0 for null;
 * then what the kind has, in this order:
 *
 *   SIGNAL   verdict - 100 (byte); id, source as the flags say; if accepted: match and outcome * 16 (byte),
 *            household, case where attached; if a duplicate: first
 *   COMMAND  verdict - 100 (byte); id, source as the flags say; act (byte); if a duplicate: first
 *   CASE     change (byte); state and priority * 16 (byte); case; household; regisseur as the flag says;
 *            if proposed: count and rules; count and signals
 *   MESSAGE  kind (byte); mailbox; seq; what vdr_message_members_of says: case, signal, household, other,
 *            rule, result, regisseur, by (kind as a byte, and id), reason; count and agencies
 *   WATCH    household; rule
 *
 * Numbers are varints: seven bits a byte, the lowest first, never longer than needed. A text is a length and
 * its bytes. A signal is source, id (text), position. Tales are stored: a new form is a new kind. */
#ifndef VDR_CORE_EFFECT_FORM_H
#define VDR_CORE_EFFECT_FORM_H

#include "proto/err.h"
#include "proto/types.h"

#define VDR_VARINT_BYTES_MAX 10u /* of 64 bits */

enum vdr_form {
    VDR_FORM_KIND = 0x07,
    VDR_FORM_ID = 0x08,          /* SIGNAL, COMMAND: has an id */
    VDR_FORM_SOURCE = 0x10,      /* and a source as text */
    VDR_FORM_SOURCE_NAME = 0x20, /* or as a name */
    VDR_FORM_REGISSEUR = 0x08    /* CASE */
};

/* Is it a verdict of a line? Those are the rows 100-199 of the table. */
static inline bool
vdr_form_verdict(uint64_t number)
{
    return number >= VDR_E_ACCEPTED && number < VDR_E_ACCEPTED + 100 && vdr_err_known((unsigned)number);
}

#endif
