#include "clients/lib/client.h"

void
vdr_client_decisions(vdr_client *client, const vdr_client_stream *stream)
{
    vdr_lib_stream_state *state = &client->stream;
    bool running = state->wanted && state->told;

    *state = (vdr_lib_stream_state){.stop = running};
    if (stream != NULL) {
        state->wanted = true;
        state->wish = *stream;
        if (state->wish.window == 0)
            state->wish.window = VDR_LIB_WINDOW_LINES;
    }
    client->dirty = true;
}

void
vdr_lib_stream_begin(vdr_client *client, bool same_store)
{
    vdr_lib_stream_state *state = &client->stream;

    state->told = state->stop = false;
    state->lines = state->credited = 0;
    if (!same_store)
        state->last = state->at_last = 0; /* other positions: from where it was asked */
    state->skip = state->last != 0 ? state->at_last : 0;
}

void
vdr_lib_stream_pump(vdr_client *client)
{
    vdr_lib_stream_state *state = &client->stream;

    if (vdr_lib_session_ready(client) && state->stop) {
        vdr_wire wire = {.type = VDR_FRAME_DECISIONS, .decisions = {.stop = true}};
        state->stop = false;
        vdr_lib_session_send(client, &wire);
    }
    if (vdr_lib_session_ready(client) && state->wanted && !state->told) {
        bool resume = state->last != 0;
        vdr_wire wire = {.type = VDR_FRAME_DECISIONS,
                         .decisions = {.from_given = resume || state->wish.from_given,
                                       .position = resume ? state->last : state->wish.position,
                                       .window = state->wish.window}};
        state->told = true;
        vdr_lib_session_send(client, &wire);
    }
    if (vdr_lib_session_ready(client) && state->told && state->lines > state->credited &&
        state->lines - state->credited >= (state->wish.window + 1) / 2) {
        vdr_wire wire = {
            .type = VDR_FRAME_CREDIT,
            .credit = {.stream = VDR_STREAM_DECISIONS, .done = state->lines, .window = state->wish.window}};
        state->credited = state->lines;
        vdr_lib_session_send(client, &wire);
    }
}

/* Was this line handed out before the session began? */
static bool
seen(vdr_lib_stream_state *state, const vdr_wire_line *line)
{
    if (line->position == 0 || state->skip == 0 || line->position != state->last)
        return false;
    state->skip--;
    return true;
}

vdr_err
vdr_lib_stream_lines(vdr_client *client, const vdr_wire_decision *decision)
{
    vdr_lib_stream_state *state = &client->stream;

    if (!state->told)
        return VDR_OK;                       /* of a stream that was ended */
    if (decision->first != state->lines + 1) /* nothing came yet: the stream before this one had lines left */
        return state->lines == 0 ? VDR_OK : VDR_E_SEQUENCE_GAP;
    for (size_t i = 0; i < decision->line_count; i++) {
        const vdr_wire_line *line = &decision->lines[i];
        state->lines++;
        if (seen(state, line))
            continue;
        if (line->position != 0) {
            state->at_last = line->position == state->last ? state->at_last + 1 : 1;
            state->last = line->position;
            state->skip = 0;
        }
        state->wish.on_line(state->wish.context, line);
        if (!state->told)
            return VDR_OK; /* the callback ended it */
    }
    if (decision->caught_up != 0 && state->wish.on_caught_up != NULL)
        state->wish.on_caught_up(state->wish.context, decision->caught_up);
    return VDR_OK;
}

void
vdr_lib_stream_refused(vdr_client *client)
{
    client->stream.wanted = false;
}
