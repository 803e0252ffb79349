package import LinkCore
package import Postgres

/// Reads the rule set from its tables, as of the transaction's snapshot.
package enum RuleSetLoader {
    /// The rows of the classes in force.
    private static let inForce = "assetlink.ci_class"
    /// The same of the version $1, from its document.
    private static let ofVersion = """
        (SELECT d.key AS class, d.value ->> 'parent' AS parent, nullif(d.value -> 'rule', 'null') AS rule,
                (d.value ->> 'aged_after_days')::integer AS aged_after_days,
                nullif(d.value -> 'suspect_limits', 'null') AS suspect_limits
         FROM assetlink_internal.rule_set AS r CROSS JOIN LATERAL jsonb_each(r.document -> 'classes') AS d
         WHERE r.version = $1)
        """

    /// What reads the classes and their rules.
    private static func classStatements(_ table: String, _ parameters: [Parameter] = []) -> [Statement] {
        [classes(table), entries(table), required(table), related(table), limits(table)]
            .map { Statement($0, parameters) }
    }

    private static func classes(_ table: String) -> String {
        """
        SELECT class, parent, aged_after_days, rule IS NULL, rule = '"none"'::jsonb FROM \(table) AS c ORDER BY class
        """
    }

    private static func entries(_ table: String) -> String {
        """
        SELECT c.class, (e ->> 'priority')::integer, coalesce(e ->> 'type', 'regular'),
               ARRAY(SELECT coalesce(CASE jsonb_typeof(a) WHEN 'string' THEN a #>> '{}' ELSE a ->> 'ci' END, '')
                     FROM jsonb_array_elements(coalesce(e -> 'attributes', '[]')) AS a),
               ARRAY(SELECT coalesce(CASE jsonb_typeof(a) WHEN 'string' THEN a #>> '{}' ELSE a ->> 'asset' END, '')
                     FROM jsonb_array_elements(coalesce(e -> 'attributes', '[]')) AS a),
               e ->> 'list',
               e -> 'types' IS NOT NULL AND jsonb_typeof(e -> 'types') = 'array',
               ARRAY(SELECT lower(btrim(t)) FROM jsonb_array_elements_text(
                   CASE jsonb_typeof(e -> 'types') WHEN 'array' THEN e -> 'types' ELSE '[]' END) AS t),
               coalesce((e ->> 'exact_count')::boolean, false), coalesce((e ->> 'allow_null')::boolean, false),
               coalesce((e ->> 'dependent')::boolean, false) OR coalesce(e ->> 'type' = 'dependent', false),
               w.attributes, w.values, a.attributes, a.values
        FROM \(table) AS c
        CROSS JOIN LATERAL jsonb_array_elements(c.rule -> 'entries') AS e
        CROSS JOIN LATERAL \(conditions("when")) AS w
        CROSS JOIN LATERAL \(conditions("among")) AS a
        WHERE jsonb_typeof(c.rule) = 'object'
        ORDER BY 1, 2
        """
    }

    /// Attribute by attribute and value by value; one value may stand without a list.
    private static func conditions(_ member: String) -> String {
        """
        (SELECT coalesce(array_agg(k.key), '{}') AS attributes, coalesce(array_agg(v), '{}') AS values
         FROM jsonb_each(CASE jsonb_typeof(e -> '\(member)') WHEN 'object' THEN e -> '\(member)' ELSE '{}' END) AS k
         CROSS JOIN LATERAL jsonb_array_elements_text(
             CASE jsonb_typeof(k.value) WHEN 'array' THEN k.value ELSE jsonb_build_array(k.value) END) AS v)
        """
    }

    private static func related(_ table: String) -> String {
        """
        SELECT c.class, r ->> 'class',
               ARRAY(SELECT jsonb_array_elements_text(coalesce(r -> 'attributes', '[]')))
        FROM \(table) AS c
        CROSS JOIN LATERAL jsonb_array_elements(coalesce(c.rule -> 'related', '[]')) AS r
        WHERE jsonb_typeof(c.rule) = 'object' AND r ->> 'class' IS NOT NULL
        """
    }

    private static func required(_ table: String) -> String {
        """
        SELECT c.class, r
        FROM \(table) AS c
        CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(c.rule -> 'required', '[]')) AS r
        WHERE jsonb_typeof(c.rule) = 'object'
        """
    }

    private static let placeholders = Statement(
        "SELECT id, kind, value, is_pattern, manufacturer, note FROM assetlink.placeholder ORDER BY id")
    private static let lifecycle = Statement(
        "SELECT side, source, raw_state, meaning FROM assetlink.lifecycle_state ORDER BY 1, 2, 3")
    private static let aliases = Statement("SELECT alias, manufacturer FROM assetlink.manufacturer_alias ORDER BY 1")
    private static let limits = Statement("SELECT kind, holders FROM assetlink.suspect_limit ORDER BY 1")
    private static func limits(_ table: String) -> String {
        """
        SELECT c.class, l.key, l.value::integer
        FROM \(table) AS c CROSS JOIN LATERAL jsonb_each_text(c.suspect_limits) AS l
        """
    }
    private static let version = Statement("SELECT max(version) FROM assetlink_internal.rule_set")

    /// - Throws: ``StoreError/corrupt(_:)`` naming the class and entry that cannot be read.
    package static func load(_ connection: PostgresConnection) async throws -> RuleSet {
        let rows = try await connection.pipeline(
            [version, placeholders, lifecycle, aliases, limits] + classStatements(inForce))
        return RuleSet(
            version: try rows[0].first?.int8OrNil(0) ?? 0, classes: try decodeClasses(Array(rows[5...])),
            placeholders: try rows[1].compactMap { row in
                guard let kind = IdentifierKind(rawValue: try row.text(1)) else { return nil }
                return Placeholder(
                    id: Int(try row.int8(0)), kind: kind, value: try row.text(2), isPattern: try row.bool(3),
                    manufacturer: try row.textOrNil(4), note: try row.textOrNil(5))
            },
            lifecycle: try rows[2].map { row in
                LifecycleMapping(
                    side: try row.text(0) == "asset" ? .asset : .ci, source: try row.textOrNil(1),
                    rawState: try row.text(2), meaning: try row.text(3))
            },
            manufacturerAliases: Dictionary(
                try rows[3].map { (try $0.text(0), try $0.text(1)) }, uniquingKeysWith: { a, _ in a }),
            suspectLimits: Dictionary(
                try rows[4].compactMap { row in
                    guard let kind = IdentifierKind(rawValue: try row.text(0)) else { return nil }
                    return (kind, Int(try row.int8(1)))
                }, uniquingKeysWith: { a, _ in a }))
    }

    /// The classes as a version of the rules had them.
    static func classes(of version: Int64, _ connection: PostgresConnection) async throws -> [CIClass] {
        try decodeClasses(try await connection.pipeline(classStatements(ofVersion, [.int8(version)])))
    }

    /// - Parameter rows: the answers to ``classStatements(_:_:)``.
    private static func decodeClasses(_ rows: [Rows]) throws -> [CIClass] {
        let entries = try decodeEntries(rows[1])
        var required: [String: [Attribute]] = [:]
        for row in rows[2] {
            let name = try row.text(0)
            guard let word = try row.textOrNil(1) else {
                throw StoreError.corrupt("class \(name): a required attribute is null")
            }
            required[name, default: []].append(try attribute(word, of: name))
        }
        var related: [String: [RelatedEntry]] = [:]
        for row in rows[3] {
            let entry = RelatedEntry(
                try row.text(1), attributes: try (row.textArrayOrNil(2) ?? []).compactMap { $0 })
            related[try row.text(0), default: []].append(entry)
        }
        var limitsOf: [String: [IdentifierKind: Int]] = [:]
        for row in rows[4] {
            guard let kind = IdentifierKind(rawValue: try row.text(1)) else { continue }
            limitsOf[try row.text(0), default: [:]][kind] = Int(try row.int8(2))
        }
        return try rows[0].map { row in
            let name = try row.text(0)
            let rule: CIClass.Rule =
                if try row.bool(3) {
                    .inherited
                } else if try row.boolOrNil(4) == true {
                    .none
                } else {
                    .own(
                        IdentificationRule(
                            name: name, entries: entries[name] ?? [], required: required[name] ?? [],
                            related: related[name] ?? []))
                }
            return CIClass(
                name: name, parent: try row.textOrNil(1), rule: rule,
                agedAfterDays: try row.int8OrNil(2).map { Int($0) }, suspectLimits: limitsOf[name] ?? [:])
        }
    }

    private static func decodeEntries(_ rows: Rows) throws -> [String: [IdentifierEntry]] {
        var result: [String: [IdentifierEntry]] = [:]
        for row in rows {
            var columns = Columns(row)
            let name = try columns.text()
            guard let priority = try columns.intOrNil() else {
                throw StoreError.corrupt("rule of class \(name): an entry without a priority")
            }
            let type = try columns.text()
            let pairs = try zip(columns.texts(), columns.texts()).map { ci, asset in
                AttributePair(ci: try attribute(ci, of: name), asset: try attribute(asset, of: name))
            }
            let listName = try columns.textOrNil()
            let hasTypes = try columns.bool()
            let types = Set(try columns.texts())
            let exact = try columns.bool()
            let allowsNull = try columns.bool()
            let isDependent = try columns.bool()
            var lookup: Lookup?
            if let listName {
                guard let list = LookupList(signature: listName) else {
                    throw StoreError.corrupt("rule of class \(name), entry \(priority): unknown list \(listName)")
                }
                lookup = Lookup(list, types: hasTypes ? types : nil, exactCount: exact)
            }
            let comparison: IdentifierEntry.Comparison
            switch (pairs.isEmpty, lookup) {
            case (false, nil): comparison = .regular(pairs, allowNull: allowsNull)
            case (true, let lookup?): comparison = .lookup(lookup)
            case (false, let lookup?): comparison = .hybrid(pairs, lookup)
            case (true, nil):
                throw StoreError.corrupt("rule of class \(name), entry \(priority) of type \(type) compares nothing")
            }
            result[name, default: []].append(
                IdentifierEntry(
                    priority: priority, comparison, isDependent: isDependent, when: try conditions(&columns, of: name),
                    among: try conditions(&columns, of: name)))
        }
        return result
    }

    private static func conditions(_ columns: inout Columns, of name: String) throws -> [Condition] {
        let attributes = try columns.texts()
        let pairs = zip(attributes, try columns.texts())
        return try Dictionary(grouping: pairs, by: \.0).sorted { $0.key < $1.key }.map { item in
            Condition(try attribute(item.key, of: name), Set(item.value.map(\.1)))
        }
    }

    private static func attribute(_ text: String, of name: String) throws -> Attribute {
        guard let attribute = Attribute(signature: text) else {
            throw StoreError.corrupt("rule of class \(name): unknown attribute \(text)")
        }
        return attribute
    }
}
