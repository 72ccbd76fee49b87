/* clients/cli/lights.h - how the broker is, line by line, for people: a light, what was looked at, the figure, and
 * what to do next.
 *
 * Thread: any; pure. What is judged, and where a light turns, is the table in lights.c and in its help. */
#ifndef VDR_CLI_LIGHTS_H
#define VDR_CLI_LIGHTS_H

#include "proto/wire.h"

typedef enum vdr_light { VDR_LIGHT_GREY, VDR_LIGHT_GREEN, VDR_LIGHT_AMBER, VDR_LIGHT_RED } vdr_light;

#define VDR_LIGHTS_MAX 24u

typedef struct vdr_light_line {
    vdr_light light;
    const char *what;
    char figure[60];  /* fits beside light and what in 80 columns */
    const char *next; /* what to do; NULL: nothing */
} vdr_light_line;

typedef struct vdr_lights {
    vdr_light_line at[VDR_LIGHTS_MAX];
    size_t count;
    char head[81];
} vdr_lights;

/* status: of ADMIN STATUS; queues, agencies: of ADMIN REPORT, NULL where they did not come in time. */
void vdr_lights_judge(const vdr_wire_admin_result *status, const vdr_wire_admin_result *queues,
                      const vdr_wire_admin_result *agencies, vdr_lights *ret_lights);

const char *vdr_light_name(vdr_light light); /* "green", … */
vdr_light vdr_lights_worst(const vdr_lights *lights);

/* The screen, terminated: at most 80 columns and 24 lines; those that are green share lines where there is no room
 * for all. Returns the bytes of the whole text; more than size means that it was cut. */
size_t vdr_lights_text(const vdr_lights *lights, char *text, size_t size);

#endif
