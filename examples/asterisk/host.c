/* The three places that have to agree, or users see DND here and none there: AstDB DND/<extension>, which dial plans read (FreePBX and
 * its relatives among them), the device state Custom:DND<extension> behind the lamp, and CustomPresence:<extension>, which phones show. */
#include "teams_presence.h"

#include <asterisk/astdb.h>
#include <asterisk/astobj2.h>
#include <asterisk/devicestate.h>
#include <asterisk/pbx.h>

#define DND_FAMILY "DND"
#define MARK_FAMILY "TeamsPresence"
#define LAMP "Custom:DND"
#define DEVICE_LAMP "Custom:DEVDND"

int teams_host_dnd(const char *extension)
{
    char value[16];
    return ast_db_get(DND_FAMILY, extension, value, sizeof value) == 0 && !ast_strlen_zero(value) && !ast_false(value);
}

int teams_host_mark(const char *extension)
{
    return ast_db_exists(MARK_FAMILY, extension);
}

/* FreePBX's feature codes put the lamp out with NOT_INUSE, its user control panel with UNAVAILABLE. */
int teams_host_lit(int state)
{
    return state == AST_DEVICE_BUSY ? 1 : state == AST_DEVICE_NOT_INUSE || state == AST_DEVICE_UNAVAILABLE ? 0 : -1;
}

/* As this server published it last, which is what its next state is compared with: one that is no change is told to nobody. */
int teams_host_lamp(const char *extension)
{
    char device[AST_MAX_EXTENSION + sizeof LAMP];
    struct stasis_message *message;
    enum ast_device_state state = AST_DEVICE_UNKNOWN;
    snprintf(device, sizeof device, LAMP "%s", extension);
    message = stasis_cache_get_by_eid(ast_device_state_cache(), ast_device_state_message_type(), device, &ast_eid_default);
    if (message != NULL)
        state = ((const struct ast_device_state_message *)stasis_message_data(message))->state;
    ao2_cleanup(message);
    return teams_host_lit(state);
}

int teams_host_set_dnd(const char *extension, int on)
{
    return on ? ast_db_put(DND_FAMILY, extension, "YES") : ast_db_del(DND_FAMILY, extension);
}

int teams_host_set_mark(const char *extension, int on)
{
    return on ? ast_db_put(MARK_FAMILY, extension, "dnd") : ast_db_del(MARK_FAMILY, extension);
}

/* Through the dial plan function, which also stores the state and tells everybody who watches it. */
int teams_host_set_lamp(const char *extension, int on)
{
    char call[AST_MAX_EXTENSION + 40];
    snprintf(call, sizeof call, "DEVICE_STATE(" LAMP "%s)", extension);
    return ast_func_write(NULL, call, on ? "BUSY" : "NOT_INUSE");
}

void teams_host_set_device_lamps(const char *extension, int on)
{
    char family[AST_MAX_EXTENSION + 10], devices[512], call[sizeof devices + 40], *rest = devices, *device;
    snprintf(family, sizeof family, "AMPUSER/%s", extension);
    if (ast_db_get(family, "device", devices, sizeof devices) != 0)
        return;
    while ((device = strsep(&rest, "&")) != NULL)
        if (device[0] != '\0' && strpbrk(device, "(),") == NULL) {
            snprintf(call, sizeof call, "DEVICE_STATE(" DEVICE_LAMP "%s)", device);
            ast_func_write(NULL, call, on ? "BUSY" : "NOT_INUSE");
        }
}

int teams_host_set_presence(const char *extension, const char *word)
{
    char call[AST_MAX_EXTENSION + 40], value[40];
    snprintf(call, sizeof call, "PRESENCE_STATE(CustomPresence:%s)", extension);
    snprintf(value, sizeof value, "%s,,", word);
    return ast_func_write(NULL, call, value);
}

const char *teams_host_lamp_of(const char *device)
{
    return strncasecmp(device, LAMP, strlen(LAMP)) == 0 ? device + strlen(LAMP) : NULL;
}

struct stasis_subscription *teams_host_watch(struct stasis_topic *topic, struct stasis_message_type *type, stasis_subscription_cb told, long most_waiting)
{
    struct stasis_subscription *watch = stasis_subscribe(topic, told, NULL);
    if (watch == NULL
        || (stasis_subscription_accept_message_type(watch, type) == 0 && stasis_subscription_set_filter(watch, STASIS_SUBSCRIPTION_FILTER_SELECTIVE) == 0
            && stasis_subscription_set_congestion_limits(watch, -1, most_waiting) == 0))
        return watch;
    stasis_unsubscribe_and_join(watch);
    return NULL;
}
