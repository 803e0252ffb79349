import Postgres

/// One value that an entry of the rule reads, or an entry that found none.
struct EntryFacts {
    let priority: Int
    let type: String?
    let reads: String
    let kind: String?
    let raw: String?
    let canonical: String?
    let suppressedBy: String?
    let eligible, ended, deleted, sharing: Int64
    let outcome: String?
    /// What the placeholder that suppressed it says.
    let placeholder: String?

    /// The entries of the rule of class `$3`, each with the evidence of the CI `$1`/`$2`.
    static let sql = """
        WITH entry AS (
            SELECT (e ->> 'priority')::integer AS priority,
                concat_ws(' ', CASE WHEN (e ->> 'dependent')::boolean THEN 'dependent' END, e ->> 'type',
                    CASE WHEN (e ->> 'exact_count')::boolean THEN '(all)' END) AS type,
                coalesce(e ->> 'list', (
                    SELECT string_agg(a, ' + ') FROM jsonb_array_elements_text(e -> 'attributes') a)) AS reads
            FROM assetlink.ci_class c CROSS JOIN jsonb_array_elements(c.rule -> 'entries') e
            WHERE c.class = $3 AND jsonb_typeof(c.rule) = 'object'
        ), evidence AS (
            SELECT v.*, p.value AS placeholder_value, p.note AS placeholder_note
            FROM assetlink.ci_evidence v
            LEFT JOIN assetlink.placeholder p
                ON p.id = substring(v.suppressed_by FROM '^placeholder ([0-9]+)$')::integer
            WHERE v.ci_source = $1 AND v.ci_id = $2
        )
        SELECT coalesce(n.priority, v.entry_priority), coalesce(n.type, v.entry_type),
            coalesce(v.attribute || coalesce(': ' || v.serial_type, ''), n.reads, v.kind), v.kind, v.raw_value,
            v.canonical_value, v.suppressed_by, v.eligible_assets, v.ended_assets, v.deleted_assets, v.cis_sharing,
            v.outcome, v.placeholder_value || coalesce(': ' || v.placeholder_note, ''), to_json(v)::text
        FROM entry n FULL JOIN evidence v ON v.entry_priority = n.priority
        ORDER BY 1, v.attribute, v.serial_type, v.raw_value
        LIMIT 1000
        """

    init(_ row: Row) throws {
        priority = Int(try row.int4(0))
        type = try row.textOrNil(1)
        reads = try row.textOrNil(2) ?? ""
        kind = try row.textOrNil(3)
        raw = try row.textOrNil(4)
        canonical = try row.textOrNil(5)
        suppressedBy = try row.textOrNil(6)
        eligible = try row.int8OrNil(7) ?? 0
        ended = try row.int8OrNil(8) ?? 0
        deleted = try row.int8OrNil(9) ?? 0
        sharing = try row.int8OrNil(10) ?? 0
        outcome = try row.textOrNil(11)
        placeholder = try row.textOrNil(12)
    }

    /// What came of it, in a few words.
    var result: String {
        if let suppressedBy {
            switch suppressedBy {
            case "empty": return "no value"
            case "malformed": return "unreadable, not used"
            case "suspect": return "held by too many records, not used"
            default: return "\(suppressedBy), not used"
            }
        }
        guard let outcome else { return "no value" }
        switch outcome {
        case "no candidate": return "no asset has it"
        case "several assets": return "\(eligible) assets have it"
        case "several CIs": return "claims its asset; so do others"
        case "asset ended": return "only \(counted(ended, "ended asset")) \(ended == 1 ? "has" : "have") it"
        case "asset deleted": return "only \(counted(deleted, "deleted asset")) had it"
        case "blocked": return "\(counted(eligible, "asset")), blocked by an operator"
        case "contradicted": return "one asset, but a stronger identifier differs"
        case "asset already linked": return "its asset is pinned to another CI"
        default: return outcome
        }
    }
}
