/* The three places that have to agree, or users see DND here and none there: AstDB DND/<extension>, which dial plans read (FreePBX and
 * its relatives among them), the device state Custom:DND<extension> behind the lamp, and CustomPresence:<extension>, which phones show. */
#include "teams_presence.h"

#include <asterisk/astdb.h>
#include <asterisk/astobj2.h>
#include <asterisk/devicestate.h>
#include <asterisk/pbx.h>
#include <asterisk/stasis.h>

#define DND_FAMILY "DND"
#define MARK_FAMILY "TeamsPresence"
#define LAMP "Custom:DND"

int teams_host_dnd(const char *extension)
{
    char value[16];
    return ast_db_get(DND_FAMILY, extension, value, sizeof value) == 0 && !ast_strlen_zero(value) && !ast_false(value);
}

int teams_host_mark(const char *extension)
{
    return ast_db_exists(MARK_FAMILY, extension);
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
    return state == AST_DEVICE_BUSY ? 1 : state == AST_DEVICE_NOT_INUSE ? 0 : -1;
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
