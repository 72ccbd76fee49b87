/* One connection to a broker, driven by lines on standard input; what comes is told as JSON lines.
 *
 *     peer [--watch] ENDPOINT SERVER_KEY KEY_FILE [ROUTING_ID]     (--watch: handshakes that fail are told)
 *     peer --keys KEY_FILE...      (makes key files, tells the public keys)
 *
 * It says exactly what it is told to, right or wrong: frames with any number and any bytes, items beyond every
 * window. It answers nothing by itself. Commands, one a line:
 *
 *     hello [MIN MAX]          publish JSON             results JSON          revision N JSON
 *     many COUNT A_FRAME JSON  (items; every @ in JSON becomes a number that counts on)
 *     subscribe WINDOW [AFTER] mailbox KIND ID WINDOW   ack N                 credit STREAM DONE WINDOW
 *     decisions FROM WINDOW    (FROM "live": from now)  stop                  bye
 *     read QUERY [NAME=VALUE]… admin VERB [VALUE]       ping N                  admin revoke Z85
 *     next N                   (publish sequence)       sequence N            (of frames)
 *     frame TYPE HEX           raw HEX                  parts N
 *     deaf                     hear                     (reading stops, and goes on)
 *     fields                   (every frame that comes is also told by the names of the fields that it has)
 *     quiet                    (counts confirms and messages only, told by: count) */
#include "tests/integration/peer.h"

#include "proto/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#define ARENA ((size_t)64 * 1024 * 1024)

static void *dealer, *monitor;
static uint32_t out_next = 1;
static uint64_t item_next = 1, counter = 1, request = 1;
static vdr_arena arena;
static vdr_bytes frame;
static bool deaf;

/* ---- sending */

static void
send_bytes(vdr_span bytes)
{
    if (zmq_send(dealer, bytes.at, bytes.len, 0) < 0)
        (void)printf("{\"type\":\"trouble\",\"text\":\"%s\"}\n", zmq_strerror(zmq_errno()));
}

static void
say(const vdr_wire *wire)
{
    frame.len = 0;
    vdr_arena_reset(&arena);
    vdr_err err = vdr_codec_encode(wire, out_next, VDR_ADMIN_FRAME_MAX, &arena, &frame);
    if (err != VDR_OK) {
        (void)printf("{\"type\":\"trouble\",\"text\":\"%s\"}\n", vdr_err_code(err));
        return;
    }
    out_next++;
    send_bytes(vdr_bytes_span(&frame));
}

static size_t
unhex(const char *text, uint8_t *out)
{
    size_t len = 0;
    for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
        char byte[3] = {text[0], text[1], '\0'};
        out[len++] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return len;
}

static void
publish(const vdr_span *items, size_t count, bool results, bool check, uint64_t revision)
{
    vdr_wire_item *wire_items = (vdr_wire_item *)vdr_alloc(count, sizeof *wire_items);
    for (size_t i = 0; i < count; i++)
        wire_items[i] = (vdr_wire_item){.json = items[i], .check_revision = check, .revision = revision};
    vdr_wire wire = {
        .type = VDR_FRAME_PUBLISH,
        .publish = {.first = item_next, .items = wire_items, .item_count = count, .want_results = results}};
    item_next += count;
    say(&wire);
    free(wire_items);
}

/* The text with every @ as a number that counts on. */
static vdr_span
numbered(const char *text)
{
    vdr_bytes out = {0};
    char number[24];
    int len = snprintf(number, sizeof number, "%llu", (unsigned long long)counter++);
    for (; *text != '\0'; text++)
        vdr_bytes_add(&out, *text == '@' ? vdr_span_of(number, (size_t)len) : vdr_span_of(text, 1));
    return vdr_bytes_span(&out);
}

static void
many(char *rest)
{
    char *end;
    unsigned long count = strtoul(rest, &end, 10), a_frame = strtoul(end, &end, 10);
    vdr_span *items = (vdr_span *)vdr_alloc(a_frame, sizeof *items);
    while (*end == ' ')
        end++;
    for (unsigned long sent = 0; sent < count;) {
        size_t n = 0;
        for (; n < a_frame && sent < count; n++, sent++)
            items[n] = numbered(end);
        publish(items, n, false, false, 0);
        for (size_t i = 0; i < n; i++)
            free((void *)(uintptr_t)items[i].at);
    }
    free(items);
}

static void
read_query(char *rest)
{
    static const char *const queries[] = {"",          "status",   "case",       "signal",
                                          "household", "inbox",    "regisseurs", "explain",
                                          "try",       "requests", "person",     "directory"};
    static uint8_t resume[VDR_RESUME_BYTES_MAX];
    vdr_wire wire = {.type = VDR_FRAME_READ, .read = {.request = request++}};
    char *state, *word = strtok_r(rest, " ", &state);
    for (unsigned i = 1; word != NULL && i <= VDR_QUERY_LAST; i++) {
        if (strcmp(word, queries[i]) == 0)
            wire.read.query = (vdr_query)i;
    }
    while ((word = strtok_r(NULL, " ", &state)) != NULL) {
        char *value = strchr(word, '=') + 1;
        uint64_t number = strtoull(value, NULL, 10);
        if (strncmp(word, "case=", 5) == 0)
            wire.read.case_id.number = number;
        else if (strncmp(word, "household=", 10) == 0)
            wire.read.household.number = number;
        else if (strncmp(word, "id=", 3) == 0)
            wire.read.signal.id = vdr_span_str(value);
        else if (strncmp(word, "source=", 7) == 0)
            wire.read.signal.source = vdr_span_str(value);
        else if (strncmp(word, "agency=", 7) == 0)
            wire.read.agency = vdr_span_str(value);
        else if (strncmp(word, "glass=", 6) == 0)
            wire.read.break_glass = vdr_span_str(value);
        else if (strncmp(word, "trace=", 6) == 0)
            wire.read.traceparent = vdr_span_str(value);
        else if (strncmp(word, "bsn=", 4) == 0)
            wire.read.bsn = vdr_span_str(value);
        else if (strncmp(word, "at=", 3) == 0)
            wire.read.at_ms = (vdr_ms)number;
        else if (strncmp(word, "event=", 6) == 0)
            wire.read.event = vdr_span_str(value);
        else if (strncmp(word, "list=", 5) == 0)
            wire.read.list = (vdr_inbox_part)number;
        else if (strncmp(word, "page=", 5) == 0)
            wire.read.page_items = (uint32_t)number;
        else if (strncmp(word, "resume=", 7) == 0)
            wire.read.resume = vdr_span_of(resume, unhex(value, resume));
    }
    say(&wire);
}

static void
admin(char *rest)
{
    static const char *const verbs[] = {"",           "status",   "reload",    "advance", "backup",
                                        "checkpoint", "sessions", "mailboxes", "drain",   "undrain",
                                        "stop",       "report",   "check"};
    vdr_wire wire = {.type = VDR_FRAME_ADMIN, .admin = {.request = request++, .time = VDR_MS_NONE}};
    char *state, *word = strtok_r(rest, " ", &state), *value = strtok_r(NULL, " ", &state);
    for (unsigned i = 1; word != NULL && i <= VDR_VERB_CHECK; i++) {
        if (strcmp(word, verbs[i]) == 0)
            wire.admin.verb = (vdr_verb)i;
    }
    if (word != NULL && word[0] == '#')
        wire.admin.verb = (vdr_verb)strtoul(word + 1, NULL, 10);
    uint8_t key[VDR_PUBLIC_KEY_BYTES];
    if (word != NULL && value != NULL && strcmp(word, "revoke") == 0 && zmq_z85_decode(key, value) != NULL) {
        wire.admin.verb = VDR_VERB_KEY_REVOKE;
        wire.admin.reason = vdr_span_str("stolen");
        wire.admin.public_key = vdr_span_of(key, sizeof key);
    } else if (value != NULL && wire.admin.verb == VDR_VERB_CLOCK_ADVANCE)
        (void)vdr_time_parse(vdr_span_str(value), &wire.admin.time);
    else if (value != NULL)
        wire.admin.name = vdr_span_str(value);
    say(&wire);
}

static void
subscribe(char *rest, bool named)
{
    vdr_wire wire = {.type = VDR_FRAME_SUBSCRIBE};
    char *state, *word = strtok_r(rest, " ", &state);
    if (named && word != NULL) {
        wire.subscribe.mailbox_kind = vdr_party_kind_of(vdr_span_str(word));
        wire.subscribe.mailbox_id = vdr_span_str(strtok_r(NULL, " ", &state));
        word = strtok_r(NULL, " ", &state);
    }
    wire.subscribe.window = word != NULL ? (uint32_t)strtoul(word, NULL, 10) : 0;
    word = strtok_r(NULL, " ", &state);
    wire.subscribe.after_given = word != NULL;
    wire.subscribe.after = word != NULL ? strtoull(word, NULL, 10) : 0;
    say(&wire);
}

static void
parts(unsigned long count)
{
    for (unsigned long i = 1; i < count; i++)
        (void)zmq_send(dealer, "x", 1, ZMQ_SNDMORE);
    (void)zmq_send(dealer, "x", 1, 0);
}

static void
typed_frame(char *rest)
{
    char *end;
    vdr_frame made = {.type = (vdr_frame_type)strtoul(rest, &end, 10), .sequence = out_next++};
    while (*end == ' ')
        end++;
    uint8_t *body = (uint8_t *)vdr_alloc(1, strlen(end) / 2 + 1);
    made.body = vdr_span_of(body, unhex(end, body));
    frame.len = 0;
    vdr_frame_write(&made, &frame);
    send_bytes(vdr_bytes_span(&frame));
    free(body);
}

static void
numbers(char *rest, uint64_t *ret_numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ret_numbers[i] = strtoull(rest, &rest, 10);
}

static void
command(char *line)
{
    size_t word_len = strcspn(line, " ");
    char *rest = line + word_len + (line[word_len] == ' ');
    uint64_t n[3] = {0};
    vdr_wire wire = {0};
    char word[16] = "";
    (void)snprintf(word, sizeof word, "%.*s", (int)word_len, line);
    if (strcmp(word, "hello") == 0) {
        numbers(rest, n, 2);
        wire.type = VDR_FRAME_HELLO;
        wire.hello = (vdr_wire_hello){.version_min = n[0] == 0 ? 1 : (uint32_t)n[0],
                                      .version_max = n[1] == 0 ? 1 : (uint32_t)n[1],
                                      .client_name = vdr_span_str("peer")};
        say(&wire);
    } else if (strcmp(word, "publish") == 0 || strcmp(word, "results") == 0) {
        vdr_span item = vdr_span_str(rest);
        publish(&item, 1, word[0] == 'r', false, 0);
    } else if (strcmp(word, "revision") == 0) {
        uint64_t revision = strtoull(rest, &rest, 10);
        vdr_span item = vdr_span_str(rest + 1);
        publish(&item, 1, true, true, revision);
    } else if (strcmp(word, "many") == 0) {
        many(rest);
    } else if (strcmp(word, "subscribe") == 0 || strcmp(word, "mailbox") == 0) {
        subscribe(rest, word[0] == 'm');
    } else if (strcmp(word, "ack") == 0) {
        numbers(rest, n, 1);
        wire.type = VDR_FRAME_ACK;
        wire.ack.up_to = n[0];
        say(&wire);
    } else if (strcmp(word, "credit") == 0) {
        numbers(rest, n, 3);
        wire.type = VDR_FRAME_CREDIT;
        wire.credit = (vdr_wire_credit){.stream = (vdr_stream)n[0], .done = n[1], .window = (uint32_t)n[2]};
        say(&wire);
    } else if (strcmp(word, "decisions") == 0) {
        bool live = strncmp(rest, "live", 4) == 0;
        if (live)
            numbers(rest + 4, n + 1, 1);
        else
            numbers(rest, n, 2);
        wire.type = VDR_FRAME_DECISIONS;
        wire.decisions =
            (vdr_wire_decisions){.from_given = !live, .position = n[0], .window = (uint32_t)n[1]};
        say(&wire);
    } else if (strcmp(word, "stop") == 0) {
        wire.type = VDR_FRAME_DECISIONS;
        wire.decisions.stop = true;
        say(&wire);
    } else if (strcmp(word, "read") == 0) {
        read_query(rest);
    } else if (strcmp(word, "admin") == 0) {
        admin(rest);
    } else if (strcmp(word, "ping") == 0) {
        numbers(rest, n, 1);
        wire.type = VDR_FRAME_PING;
        wire.ping.number = n[0];
        say(&wire);
    } else if (strcmp(word, "bye") == 0) {
        wire.type = VDR_FRAME_BYE;
        say(&wire);
    } else if (strcmp(word, "next") == 0) {
        item_next = strtoull(rest, NULL, 10);
    } else if (strcmp(word, "sequence") == 0) {
        out_next = (uint32_t)strtoul(rest, NULL, 10);
    } else if (strcmp(word, "frame") == 0) {
        typed_frame(rest);
    } else if (strcmp(word, "raw") == 0) {
        uint8_t *bytes = (uint8_t *)vdr_alloc(1, strlen(rest) / 2 + 1);
        send_bytes(vdr_span_of(bytes, unhex(rest, bytes)));
        free(bytes);
    } else if (strcmp(word, "parts") == 0) {
        parts(strtoul(rest, NULL, 10));
    } else if (strcmp(word, "deaf") == 0 || strcmp(word, "hear") == 0) {
        deaf = word[0] == 'd';
    } else if (strcmp(word, "fields") == 0) {
        tell_fields = true;
    } else if (strcmp(word, "quiet") == 0) {
        quiet = true;
    } else if (strcmp(word, "count") == 0) {
        (void)printf(
            "{\"type\":\"count\",\"up_to\":%llu,\"exceptions\":%llu,\"messages\":%llu,\"lines\":%llu}\n",
            (unsigned long long)seen.up_to, (unsigned long long)seen.exceptions,
            (unsigned long long)seen.messages, (unsigned long long)seen.lines);
    } else {
        (void)printf("{\"type\":\"trouble\",\"text\":\"no such command\"}\n");
    }
}

/* ---- receiving */

static void
receive(void)
{
    zmq_msg_t message;
    (void)zmq_msg_init(&message);
    while (zmq_msg_recv(&message, dealer, ZMQ_DONTWAIT) >= 0) {
        vdr_frame got;
        vdr_wire wire;
        vdr_span bytes = vdr_span_of(zmq_msg_data(&message), zmq_msg_size(&message));
        vdr_arena_reset(&arena);
        vdr_err err = vdr_frame_parse(bytes, VDR_ADMIN_FRAME_MAX, &got);
        if (err == VDR_OK)
            err = vdr_codec_decode(&got, VDR_ADMIN_FRAME_MAX, &arena, &wire);
        if (err == VDR_OK)
            put_wire(&wire, got.sequence);
        else
            (void)printf("{\"type\":\"trouble\",\"text\":\"the broker sent a bad frame: %s\"}\n",
                         vdr_err_code(err));
    }
    (void)zmq_msg_close(&message);
    (void)fflush(stdout);
}

/* What the other side answered a handshake with. */
static void
tell_handshakes(void)
{
    zmq_msg_t part;
    (void)zmq_msg_init(&part);
    while (monitor != NULL && zmq_msg_recv(&part, monitor, ZMQ_DONTWAIT) >= 0) {
        uint16_t event = 0;
        uint32_t value = 0;
        if (zmq_msg_size(&part) == sizeof event + sizeof value) {
            memcpy(&event, zmq_msg_data(&part), sizeof event);
            memcpy(&value, (const uint8_t *)zmq_msg_data(&part) + sizeof event, sizeof value);
        }
        if (event != 0)
            (void)printf("{\"type\":\"refused\",\"event\":%u,\"status\":%u}\n", (unsigned)event,
                         (unsigned)value);
    }
    (void)zmq_msg_close(&part);
    (void)fflush(stdout);
}

static bool
watch(void *context)
{
    int events = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    monitor = zmq_socket(context, ZMQ_PAIR);
    return zmq_socket_monitor(dealer, "inproc://monitor", events) == 0 &&
           zmq_connect(monitor, "inproc://monitor") == 0;
}

static bool
dial(void *context, char **argv, int argc, bool watched)
{
    char pair[82] = "", server[41] = "";
    FILE *file = fopen(argv[3], "r");
    int zero = 0, one = 1;
    bool good = file != NULL && fread(pair, 1, 81, file) == 81 && strlen(argv[2]) == 40;
    if (file != NULL)
        (void)fclose(file);
    pair[40] = '\0';
    (void)snprintf(server, sizeof server, "%.40s", argv[2]);
    dealer = zmq_socket(context, ZMQ_DEALER);
    good = good && zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, server, 41) == 0 &&
           zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, pair, 41) == 0 &&
           zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, pair + 41, 41) == 0 &&
           zmq_setsockopt(dealer, ZMQ_LINGER, &zero, sizeof zero) == 0 &&
           zmq_setsockopt(dealer, ZMQ_SNDHWM, &zero, sizeof zero) == 0 &&
           zmq_setsockopt(dealer, ZMQ_RCVHWM, &one, sizeof one) == 0;
    if (good && argc > 4)
        good = zmq_setsockopt(dealer, ZMQ_ROUTING_ID, argv[4], strlen(argv[4])) == 0;
    if (good && watched)
        good = watch(context);
    return good && zmq_connect(dealer, argv[1]) == 0;
}

static int
make_keys(char **paths)
{
    for (; *paths != NULL; paths++) {
        char public_key[41], secret_key[41];
        int fd = open(*paths, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        if (fd < 0 || zmq_curve_keypair(public_key, secret_key) != 0 ||
            dprintf(fd, "%s\n%s\n", public_key, secret_key) != 82 || close(fd) != 0)
            return 2;
        (void)printf("%s\n", public_key);
    }
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--keys") == 0)
        return make_keys(argv + 2);
    void *context = zmq_ctx_new();
    vdr_bytes input = {0};
    bool watched = argc > 1 && strcmp(argv[1], "--watch") == 0;
    argc -= watched;
    argv += watched;
    if (argc < 4 || !dial(context, argv, argc, watched)) {
        (void)fprintf(stderr, "peer: cannot connect: %s\n", zmq_strerror(zmq_errno()));
        return 2;
    }
    vdr_arena_init(&arena, ARENA);
    for (bool open = true; open;) {
        zmq_pollitem_t items[] = {{.fd = STDIN_FILENO, .events = ZMQ_POLLIN},
                                  {.socket = dealer, .events = deaf ? 0 : ZMQ_POLLIN},
                                  {.socket = monitor, .events = ZMQ_POLLIN}};
        if (zmq_poll(items, monitor != NULL ? 3 : 2, -1) < 0 && zmq_errno() != EINTR)
            break;
        tell_handshakes();
        if (!deaf)
            receive();
        if ((items[0].revents & (ZMQ_POLLIN | ZMQ_POLLERR)) == 0)
            continue;
        uint8_t *at = vdr_bytes_extend(&input, 65536);
        ssize_t got = read(STDIN_FILENO, at, 65536);
        input.len -= 65536u - (got > 0 ? (size_t)got : 0);
        open = got > 0;
        uint8_t *end;
        while ((end = (uint8_t *)memchr(input.at, '\n', input.len)) != NULL) {
            *end = '\0';
            command((char *)input.at);
            size_t used = (size_t)(end - input.at) + 1;
            memmove(input.at, end + 1, input.len - used);
            input.len -= used;
        }
        (void)fflush(stdout);
    }
    vdr_bytes_done(&input);
    vdr_bytes_done(&frame);
    vdr_arena_done(&arena);
    (void)zmq_close(dealer);
    if (monitor != NULL)
        (void)zmq_close(monitor);
    (void)zmq_ctx_term(context);
    return 0;
}
