/* Frames of the parties, received some at a time. Where many wait, they are decoded before the first of them is
 * dealt with, so that the porter can read their items ahead. What is wrong with a frame shows when its turn
 * comes: here it is only left as it is. */
#include "broker/daemon.h"

#define FEW_BYTES   4096u         /* about 16 signals: less is not worth waking anybody */
#define AHEAD_BYTES (64u * 1024u) /* of the frames received ahead; one frame may be larger */

void
vdr_inbox_init(vdr_inbox *inbox)
{
    /* every frame its budget: a fixed part and a multiple of its bytes */
    size_t least = vdr_codec_budget(0, VDR_FRAME_BYTES_MAX);
    vdr_arena_init(&inbox->arena, VDR_INBOX_FRAMES * least +
                                      vdr_codec_budget(AHEAD_BYTES, VDR_FRAME_BYTES_MAX) +
                                      vdr_codec_budget(VDR_FRAME_BYTES_MAX, VDR_FRAME_BYTES_MAX));
}

void
vdr_inbox_done(vdr_inbox *inbox)
{
    for (; inbox->next < inbox->count; inbox->next++)
        vdr_received_done(&inbox->frames[inbox->next].received);
    vdr_arena_done(&inbox->arena);
}

static void
look_ahead(vdr_daemon *daemon, vdr_ahead *ahead)
{
    vdr_frame frame;
    vdr_wire wire;
    if (ahead->received.err != VDR_OK ||
        vdr_frame_parse(vdr_received_span(&ahead->received), VDR_FRAME_BYTES_MAX, &frame) != VDR_OK ||
        frame.type != VDR_FRAME_PUBLISH ||
        vdr_codec_decode(&frame, VDR_FRAME_BYTES_MAX, &daemon->inbox.arena, &wire) != VDR_OK)
        return;
    ahead->decoded = true;
    ahead->publish = wire.publish;
    if (wire.publish.item_count > vdr_porter_room(daemon->porter))
        return;
    for (size_t i = 0; i < wire.publish.item_count; i++) {
        size_t place = vdr_porter_add(daemon->porter, wire.publish.items[i].typed);
        if (i == 0)
            ahead->place = place;
    }
}

static void
fill(vdr_daemon *daemon, unsigned *budget)
{
    vdr_inbox *inbox = &daemon->inbox;
    size_t bytes = 0;
    inbox->next = inbox->count = 0;
    while (inbox->count < VDR_INBOX_FRAMES && bytes < AHEAD_BYTES) {
        vdr_ahead *ahead = &inbox->frames[inbox->count];
        ahead->decoded = false;
        ahead->place = VDR_PORTER_ITEMS;
        if (vdr_net_receive(daemon->net, VDR_ZONE_PARTIES, budget, &ahead->received) != VDR_OK)
            break;
        bytes += vdr_received_span(&ahead->received).len;
        inbox->count++;
    }
    if (bytes < FEW_BYTES)
        return;
    vdr_porter_rest(daemon->porter);
    vdr_arena_reset(&inbox->arena);
    daemon->foreseen = 0;
    vdr_porter_begin(daemon->porter, daemon->door, vdr_core_config(vdr_engine_core(daemon->engine)));
    for (size_t i = 0; i < inbox->count; i++)
        look_ahead(daemon, &inbox->frames[i]);
    vdr_porter_start(daemon->porter);
}

vdr_ahead *
vdr_inbox_next(vdr_daemon *daemon, unsigned *budget)
{
    vdr_inbox *inbox = &daemon->inbox;
    if (inbox->next == inbox->count)
        fill(daemon, budget);
    return inbox->next < inbox->count ? &inbox->frames[inbox->next++] : NULL;
}
