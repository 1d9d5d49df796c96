/* Reads teams_presence.conf, the file it names for the library, and the users that stand in AstDB. */
#include "teams_presence.h"

#include <asterisk/astdb.h>
#include <asterisk/config.h>
#include <asterisk/paths.h>

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
    char path[PATH_MAX];
    FILE *file;
    if (name[0] == '/')
        ast_copy_string(path, name, sizeof path);
    else
        snprintf(path, sizeof path, "%s/%s", ast_config_AST_CONFIG_DIR, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        ast_log(LOG_ERROR, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    settings->document = ast_malloc(MOST_DOCUMENT);
    if (settings->document != NULL)
        settings->document_len = fread(settings->document, 1, MOST_DOCUMENT, file);
    if (settings->document == NULL || ferror(file) || !feof(file)) {
        ast_log(LOG_ERROR, "%s: cannot be read, or is longer than 1 MiB\n", path);
        fclose(file);
        return -1;
    }
    fclose(file);
    return 0;
}

/* The extension becomes part of keys, device names and function calls. */
static int is_extension(const char *text)
{
    return text[0] != '\0' && strlen(text) < AST_MAX_EXTENSION && text[strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+*#_-.")] == '\0';
}

static void copy_trimmed(char *to, const char *from, size_t size)
{
    ast_copy_string(to, from != NULL ? ast_skip_blanks(from) : "", size);
    ast_trim_blanks(to);
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
    row = &rows[settings->count++];
    ast_copy_string(row->extension, extension, sizeof row->extension);
    copy_trimmed(row->email, email, sizeof row->email);
    copy_trimmed(row->rule_set, rule_set, sizeof row->rule_set);
    copy_trimmed(row->device, device, sizeof row->device);
    if (row->device[0] == '\0' && !ast_strlen_zero(technology))
        snprintf(row->device, sizeof row->device, "%s/%s", technology, extension);
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
    const char *document = "teams_presence.json", *family = NULL, *technology = "PJSIP";
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
    for (line = ast_variable_browse(conf, "users"); line != NULL && !failed; line = line->next)
        failed = add_row(settings, line->name, line->value, technology, FILE_NAME);
    if (!failed && !ast_strlen_zero(family))
        failed = add_rows_of_database(settings, family, technology);
    ast_config_destroy(conf);
    if (failed)
        teams_settings_free(settings);
    return failed;
}
