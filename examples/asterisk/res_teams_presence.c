/* Microsoft Teams presence as do-not-disturb, lamp and presence state of Asterisk's extensions.
 *
 * This file is the module: load, reload, unload, and the callbacks of the library. README.md beside it tells how to install it. */
#include "teams_presence.h"

#define STOP_MS 5000

static tps_sync *instance;

static int32_t on_dnd(void *user_data, const tps_dnd_change *change)
{
    return teams_extensions_dnd(change);
}

static int32_t on_chat_state(void *user_data, const tps_chat_change *change)
{
    return teams_extensions_chat(change);
}

/* The macros of logger.h name file, line and function of the place; here the library's part stands for them. */
static void on_log(void *user_data, int32_t level, const char *target, const char *message, size_t len)
{
    static const int levels[] = { __LOG_ERROR, __LOG_ERROR, __LOG_WARNING, __LOG_NOTICE, __LOG_DEBUG, __LOG_DEBUG };
    ast_log(levels[level >= 0 && level <= TPS_LOG_TRACE ? level : TPS_LOG_TRACE], target, 0, "teams", "%.*s\n", (int)len, message);
}

static void on_event(void *user_data, const tps_event *event)
{
    int level = event->severity == TPS_SEVERITY_ERROR ? __LOG_ERROR : event->severity == TPS_SEVERITY_WARNING ? __LOG_WARNING : __LOG_NOTICE;
    ast_log(level, "teams", event->code, "event", "%s%s%s%s%s\n", S_OR(event->user_id, ""), event->user_id != NULL ? ": " : "", event->message,
            level != __LOG_NOTICE ? " " : "", level != __LOG_NOTICE ? event->remedy : "");
}

/* So that `core show threads` knows it. */
static void on_thread_start(void *user_data, const char *name)
{
    ast_register_thread(ast_strdup(name));
}

static void on_thread_stop(void *user_data, const char *name)
{
    ast_unregister_thread((void *)pthread_self());
}

/* Asterisk unloads modules only where it stops gracefully. In any other stop it comes by here: what dnd.on_stop says is done then. */
static void stop_at_exit(void)
{
    tps_status status = tps_stop(instance, STOP_MS);
    if (status != TPS_OK)
        ast_log(LOG_WARNING, "Not stopped: %s. DND that is left on keeps its mark, and is known at the next start\n", tps_status_name(status));
}

/* Asterisk holds the lock of its list of modules here. No callback takes it: they load, unload and look for no module. */
static int unload_module(void)
{
    if (instance != NULL) {
        tps_status status = tps_stop(instance, STOP_MS);
        if (status != TPS_OK) {
            ast_log(LOG_WARNING, "Not unloaded: %s. Try again\n", tps_status_name(status));
            return -1;
        }
    }
    ast_unregister_atexit(stop_at_exit);
    teams_cli_unregister();
    teams_extensions_attach(NULL);
    if (instance != NULL)
        tps_destroy(instance);
    instance = NULL;
    teams_extensions_close();
    return 0;
}

static int begin(const struct teams_settings *settings)
{
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    char err[1024] = "no memory or no topic of device states";
    callbacks.on_dnd = on_dnd;
    callbacks.on_chat_state = on_chat_state;
    callbacks.on_event = on_event;
    callbacks.on_log = on_log;
    callbacks.on_thread_start = on_thread_start;
    callbacks.on_thread_stop = on_thread_stop;
    if (teams_extensions_open() == 0 && tps_create(settings->document, settings->document_len, &callbacks, &instance, err, sizeof err) == TPS_OK) {
        teams_extensions_attach(instance);
        if (teams_extensions_take(settings, err, sizeof err) == 0 && tps_start(instance, err, sizeof err) == TPS_OK) {
            ast_register_atexit(stop_at_exit);
            teams_cli_register();
            return 0;
        }
    }
    ast_log(LOG_ERROR, "Not loaded: %s: %s\n", settings->path, err);
    return -1;
}

static int load_module(void)
{
    struct teams_settings settings;
    int failed;
    if (tps_abi_version() >> 16 != TPS_ABI_VERSION >> 16 || tps_abi_version() < TPS_ABI_VERSION) {
        ast_log(LOG_ERROR, "libteams_presence_sync %s is not the version this module was built for\n", tps_version());
        return AST_MODULE_LOAD_DECLINE;
    }
    if (teams_settings_read(&settings) != 0)
        return AST_MODULE_LOAD_DECLINE;
    failed = begin(&settings);
    teams_settings_free(&settings);
    /* What is declined stays mapped, and nothing of it may run. */
    if (failed)
        while (unload_module() != 0)
            ;
    return failed ? AST_MODULE_LOAD_DECLINE : AST_MODULE_LOAD_SUCCESS;
}

static int reload_module(void)
{
    struct teams_settings settings;
    char err[1024];
    tps_status status;
    int failed;
    if (teams_settings_read(&settings) != 0)
        return -1;
    status = tps_reload(instance, settings.document, settings.document_len, err, sizeof err);
    failed = status != TPS_OK;
    if (failed)
        ast_log(LOG_ERROR, "Nothing was changed: %s: %s%s\n", settings.path, err,
                status == TPS_E_NEEDS_RESTART ? ". Unload and load the module for that" : "");
    else if ((failed = teams_extensions_take(&settings, err, sizeof err)) != 0)
        ast_log(LOG_ERROR, "%s holds, but the users are those of before: %s\n", settings.path, err);
    teams_settings_free(&settings);
    return failed ? -1 : 0;
}

tps_sync *teams_instance(void)
{
    return instance;
}

/* The two modules that write custom device and presence states are loaded first, and stay while this one does. */
AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_DEFAULT, "Microsoft Teams Presence",
    .support_level = AST_MODULE_SUPPORT_EXTENDED,
    .load = load_module,
    .unload = unload_module,
    .reload = reload_module,
    .load_pri = AST_MODPRI_DEFAULT,
    .requires = "func_devstate,func_presencestate",
);
