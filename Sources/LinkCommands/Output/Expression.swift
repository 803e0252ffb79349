/// Expressions that several lists share.
enum Expression {
    /// A time to the minute, in the session's time zone.
    static func minute(_ column: String) -> String { "to_char(\(column), 'YYYY-MM-DD HH24:MI')" }
    /// A time to the second.
    static func second(_ column: String) -> String { "to_char(\(column), 'YYYY-MM-DD HH24:MI:SS')" }
    /// `source/id`; nothing when there is no id.
    static func reference(_ source: String, _ id: String) -> String { "\(source) || '/' || \(id)" }
    /// `active → stale`, and `→ active` for a beginning.
    static let change =
        "concat_ws(' ', from_state, CASE WHEN from_state IS DISTINCT FROM to_state THEN '→' END, to_state)"
    /// A column by its name, whatever that is.
    static func identifier(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
    /// A text as a shell takes it for one word.
    static func shell(_ text: String) -> String {
        """
        CASE WHEN \(text) ~ '^[A-Za-z0-9_./:@%+,-]+$' THEN \(text)
            ELSE '''' || replace(\(text), '''', '''\\''''') || '''' END
        """
    }
    /// Match keys, a list of lists of values, as people would write them: `A + B, C`.
    static func keys(_ column: String) -> String {
        """
        (SELECT string_agg(k.words, ', ' ORDER BY k.n) FROM (
            SELECT key.n, (SELECT string_agg(coalesce(v.word, '(none)'), ' + ' ORDER BY v.m)
                FROM jsonb_array_elements_text(CASE jsonb_typeof(key.value) WHEN 'array' THEN key.value
                    ELSE jsonb_build_array(key.value) END) WITH ORDINALITY v (word, m)) AS words
            FROM jsonb_array_elements(\(column)) WITH ORDINALITY key (value, n)) k)
        """
    }
}
