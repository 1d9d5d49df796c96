/* Reads teams_presence.conf, the file it names for the library, and the users that stand in AstDB. */
#include "teams_presence.h"

#include <asterisk/astdb.h>
#include <asterisk/config.h>
#include <asterisk/paths.h>
#include <asterisk/utf8.h>

#define FILE_NAME "teams_presence.conf"
#define MOST_DOCUMENT (1 << 20)

void teams_settings_free(struct teams_settings *settings)
{
    ast_free(settings->document);
    ast_free(settings->rows);
    memset(settings, 0, sizeof *settings);
}

static int read_document(struct teams_settings *settings, const char *name)
{
    FILE *file;
    int failed;
    if (name[0] == '/')
        ast_copy_string(settings->path, name, sizeof settings->path);
    else
        snprintf(settings->path, sizeof settings->path, "%s/%s", ast_config_AST_CONFIG_DIR, name);
    file = fopen(settings->path, "rb");
    settings->document = file != NULL ? ast_malloc(MOST_DOCUMENT) : NULL;
    if (settings->document != NULL)
        settings->document_len = fread(settings->document, 1, MOST_DOCUMENT, file);
    failed = settings->document == NULL || ferror(file) || !feof(file);
    if (failed)
        ast_log(LOG_ERROR, "%s: %s\n", settings->path, settings->document_len == MOST_DOCUMENT ? "longer than 1 MiB" : strerror(errno));
    if (file != NULL)
        fclose(file);
    return failed ? -1 : 0;
}

/* The extension becomes part of keys, device names and function calls. */
static int is_extension(const char *text)
{
    return text[0] != '\0' && strlen(text) < AST_MAX_EXTENSION && text[strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+*#_-.")] == '\0';
}

/* Half an address could be somebody else's, so what does not fit is not cut. */
static int copy_trimmed(char *to, const char *from, size_t size)
{
    char *trimmed = ast_strip(ast_strdupa(S_OR(from, "")));
    ast_copy_string(to, trimmed, size);
    return strlen(trimmed) < size;
}

/* One user: <extension> => <e-mail address>[,<rule set>[,<device>]]. The first entry of an extension counts. */
static int add_row(struct teams_settings *settings, const char *extension, const char *value, const char *technology, const char *where)
{
    struct teams_row *rows, *row;
    char *rest = ast_strdupa(value), *email = strsep(&rest, ","), *rule_set = strsep(&rest, ","), *device = rest;
    size_t i;
    if (!is_extension(extension)) {
        ast_log(LOG_WARNING, "%s: '%s' is no extension; left out\n", where, extension);
        return 0;
    }
    for (i = 0; i < settings->count; i++)
        if (strcmp(settings->rows[i].extension, extension) == 0) {
            ast_log(LOG_WARNING, "%s: %s stands there a second time; left out\n", where, extension);
            return 0;
        }
    rows = ast_realloc(settings->rows, (settings->count + 1) * sizeof *rows);
    if (rows == NULL)
        return -1;
    settings->rows = rows;
    row = &rows[settings->count];
    ast_copy_string(row->extension, extension, sizeof row->extension);
    if (!copy_trimmed(row->email, email, sizeof row->email) || !copy_trimmed(row->rule_set, rule_set, sizeof row->rule_set)
        || !copy_trimmed(row->device, device, sizeof row->device) || !ast_utf8_is_valid(value)) {
        ast_log(LOG_WARNING, "%s: what stands at %s is too long, or not UTF-8; left out\n", where, extension);
        return 0;
    }
    if (row->device[0] == '\0' && !ast_strlen_zero(technology))
        snprintf(row->device, sizeof row->device, "%s/%s", technology, extension);
    else if (row->device[0] != '\0' && strchr(row->device, '/') == NULL)
        ast_log(LOG_WARNING, "%s: '%s' at %s is no device as in PJSIP/101; its calls are not reported\n", where, row->device, extension);
    settings->count++;
    return 0;
}

static int add_rows_of_database(struct teams_settings *settings, const char *family, const char *technology)
{
    struct ast_db_entry *all = ast_db_gettree(family, NULL), *entry;
    int failed = 0;
    /* A key is /<family>/<extension>. */
    for (entry = all; entry != NULL && !failed; entry = entry->next)
        failed = add_row(settings, strrchr(entry->key, '/') + 1, entry->data, technology, family);
    ast_db_freetree(all);
    return failed;
}

int teams_settings_read(struct teams_settings *settings)
{
    struct ast_flags flags = { 0 };
    struct ast_config *conf = ast_config_load2(FILE_NAME, AST_MODULE, flags);
    struct ast_variable *line;
    const char *document = "teams_presence.json", *family = NULL, *technology = "PJSIP", *section;
    int failed = 0;
    memset(settings, 0, sizeof *settings);
    if (conf == CONFIG_STATUS_FILEMISSING || conf == CONFIG_STATUS_FILEINVALID) {
        ast_log(LOG_ERROR, FILE_NAME " %s\n", conf == CONFIG_STATUS_FILEMISSING ? "is missing" : "cannot be read");
        return -1;
    }
    for (line = ast_variable_browse(conf, "general"); line != NULL; line = line->next) {
        if (strcasecmp(line->name, "config") == 0)
            document = line->value;
        else if (strcasecmp(line->name, "users_family") == 0)
            family = line->value;
        else if (strcasecmp(line->name, "technology") == 0)
            technology = line->value;
        else {
            ast_log(LOG_ERROR, FILE_NAME ": [general] has no '%s'; there are config, users_family, technology\n", line->name);
            failed = -1;
        }
    }
    failed = failed || read_document(settings, document);
    /* [users] may stand there several times, as where a file is included. */
    for (section = ast_category_browse(conf, NULL); section != NULL; section = ast_category_browse(conf, section)) {
        if (strcasecmp(section, "users") != 0 && strcasecmp(section, "general") != 0)
            ast_log(LOG_WARNING, FILE_NAME ": there is no section [%s]; there are general and users\n", section);
        for (line = strcasecmp(section, "users") == 0 ? ast_variable_browse(conf, section) : NULL; line != NULL && !failed; line = line->next)
            failed = add_row(settings, line->name, line->value, technology, FILE_NAME);
    }
    if (!failed && !ast_strlen_zero(family))
        failed = add_rows_of_database(settings, family, technology);
    if (!failed && settings->count == 0)
        ast_log(LOG_WARNING, FILE_NAME ": neither [users] nor users_family names anybody\n");
    ast_config_destroy(conf);
    if (failed)
        teams_settings_free(settings);
    return failed;
}
