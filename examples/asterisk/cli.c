/* teams presence show | explain | refresh. */
#include "teams_presence.h"

#include <asterisk/cli.h>
#include <asterisk/json.h>

static const char *presence_words(const tps_state *state, char *room, size_t size)
{
    static const char *const availabilities[] = { "-", "Available", "Away", "BeRightBack", "Busy", "DoNotDisturb", "Offline" };
    static const char *const activities[] = { "-", "Available", "Away", "BeRightBack", "Busy", "DoNotDisturb", "Focusing", "InACall", "InAConferenceCall",
                                              "InAMeeting", "Inactive", "Offline", "OffWork", "OutOfOffice", "Presenting", "UrgentInterruptionsOnly" };
    const char *availability = availabilities[state->availability >= 0 && state->availability <= 6 ? state->availability : 0];
    const char *activity = activities[state->activity >= 0 && state->activity <= 15 ? state->activity : 0];
    if (!state->matched)
        return "not found";
    if (state->availability == 0)
        return "-";
    snprintf(room, size, strcmp(activity, "-") == 0 || strcmp(activity, availability) == 0 ? "%s" : "%s/%s", availability, activity);
    return room;
}

static int by_number(const void *left, const void *right)
{
    return strverscmp(((const struct teams_view *)left)->extension, ((const struct teams_view *)right)->extension);
}

static char *complete_extension(const char *word)
{
    size_t count, i;
    struct teams_view *views = teams_extensions_view(&count);
    for (i = 0; views != NULL && i < count; i++)
        if (strncasecmp(views[i].extension, word, strlen(word)) == 0)
            ast_cli_completion_add(ast_strdup(views[i].extension));
    ast_free(views);
    return NULL;
}

static const char no_extension[] = "No such extension in teams_presence.conf";

static char *show(struct ast_cli_entry *entry, int cmd, struct ast_cli_args *args)
{
    static const char format[] = "%-12s %-4s %-9s %-12s %-5s %s\n";
    size_t count, i, dnd = 0, shown = 0;
    struct teams_view *views;
    char room[80];
    if (cmd == CLI_INIT) {
        entry->command = "teams presence show";
        entry->usage = "Usage: teams presence show [<extension>]\n"
                       "       How each extension stands: its DND and whose it is, the presence that phones show, calls, what Teams says.\n";
        return NULL;
    }
    if (cmd == CLI_GENERATE)
        return args->pos == 3 ? complete_extension(args->word) : NULL;
    if (args->argc > 4)
        return CLI_SHOWUSAGE;
    views = teams_extensions_view(&count);
    if (views == NULL)
        return CLI_FAILURE;
    qsort(views, count, sizeof *views, by_number);
    for (i = 0; i < count; i++) {
        tps_state state = TPS_STATE_INIT;
        if (args->argc == 4 && strcmp(args->argv[3], views[i].extension) != 0)
            continue;
        if (shown++ == 0)
            ast_cli(args->fd, format, "Extension", "DND", "Owner", "Presence", "Call", "Teams");
        tps_get_state(teams_instance(), views[i].extension, &state);
        dnd += views[i].dnd != 0;
        ast_cli(args->fd, format, views[i].extension, views[i].dnd ? "on" : "off", !views[i].dnd ? "-" : views[i].ours ? "Teams" : "a person",
                S_OR(views[i].shown, "-"), views[i].in_call ? "yes" : "no", presence_words(&state, room, sizeof room));
    }
    if (args->argc == 4 && shown == 0)
        ast_cli(args->fd, "%s\n", no_extension);
    if (args->argc == 3)
        ast_cli(args->fd, "%zu extensions, %zu of them on DND; libteams_presence_sync %s\n", count, dnd, tps_version());
    ast_free(views);
    return args->argc == 4 && shown == 0 ? CLI_FAILURE : CLI_SUCCESS;
}

static char *explain(struct ast_cli_entry *entry, int cmd, struct ast_cli_args *args)
{
    const char *extension;
    struct ast_json *json;
    char *text = NULL, *pretty = NULL;
    size_t len = 0;
    tps_status status;
    if (cmd == CLI_INIT) {
        entry->command = "teams presence explain";
        entry->usage = "Usage: teams presence explain [<extension>]\n"
                       "       Why an extension stands as it does, as JSON (docs/explain.md); without one, who was found in Microsoft Entra and who was not.\n";
        return NULL;
    }
    if (cmd == CLI_GENERATE)
        return args->pos == 3 ? complete_extension(args->word) : NULL;
    if (args->argc > 4)
        return CLI_SHOWUSAGE;
    extension = args->argc == 4 ? args->argv[3] : NULL;
    /* The answer may grow between two calls. */
    while ((status = tps_explain(teams_instance(), extension, text, &len)) == TPS_E_TOO_SMALL) {
        char *more = ast_realloc(text, len);
        if (more == NULL)
            break;
        text = more;
    }
    if (status != TPS_OK) {
        ast_cli(args->fd, "%s\n", status == TPS_E_NOT_FOUND ? no_extension : tps_status_name(status));
    } else {
        json = ast_json_load_string(text, NULL);
        pretty = json != NULL ? ast_json_dump_string_format(json, AST_JSON_PRETTY) : NULL;
        ast_cli(args->fd, "%s\n", pretty != NULL ? pretty : text);
        ast_json_free(pretty);
        ast_json_unref(json);
    }
    ast_free(text);
    return status == TPS_OK ? CLI_SUCCESS : CLI_FAILURE;
}

static char *refresh(struct ast_cli_entry *entry, int cmd, struct ast_cli_args *args)
{
    tps_status status;
    if (cmd == CLI_INIT) {
        entry->command = "teams presence refresh";
        entry->usage = "Usage: teams presence refresh [<extension>]\n"
                       "       Asks Microsoft now: for one extension, or for all and the directory too.\n";
        return NULL;
    }
    if (cmd == CLI_GENERATE)
        return args->pos == 3 ? complete_extension(args->word) : NULL;
    if (args->argc > 4)
        return CLI_SHOWUSAGE;
    status = tps_refresh(teams_instance(), args->argc == 4 ? args->argv[3] : NULL);
    ast_cli(args->fd, "%s\n", status == TPS_OK ? "Asked" : status == TPS_E_NOT_FOUND ? no_extension : tps_status_name(status));
    return status == TPS_OK ? CLI_SUCCESS : CLI_FAILURE;
}

static struct ast_cli_entry commands[] = {
    AST_CLI_DEFINE(show, "How extensions stand"),
    AST_CLI_DEFINE(explain, "Why an extension stands as it does"),
    AST_CLI_DEFINE(refresh, "Ask Microsoft now"),
};

void teams_cli_register(void)
{
    ast_cli_register_multiple(commands, ARRAY_LEN(commands));
}

void teams_cli_unregister(void)
{
    ast_cli_unregister_multiple(commands, ARRAY_LEN(commands));
}
