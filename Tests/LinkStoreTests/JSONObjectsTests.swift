import LinkStore
import LinkTesting
import Postgres
import Testing

/// Members of JSON objects against the server's `->>`.
@Suite struct JSONObjectsTests {
    @Test func membersAreTheServers() async throws {
        let connection = try await TestServer.shared().connect()
        var random = SplitMix64(seed: 7)
        let atoms = [
            #""SN-1""#, #""a \"quoted\" one""#, #""back\\slash""#, #""\t\n\r\b\f\/""#, #""\u0041\u00e9\ud83d\ude00""#,
            #""ünïcode 漢字""#, #""""#, "null", "true", "12.50", "-1e3", "{}", "[]",
            #"{"value": "inner", "x": [1, "]"]}"#,
            #"["a,b", {"mac": "}"}]"#, #""[{\"value\": 1}]""#,
        ]
        let names = ["type", "value", "mac", "va\\u006cue", "VALUE", "", "other"]
        func object() -> String {
            let members = (0..<random.below(5)).map { _ in
                "\"\(names[random.below(names.count)])\": \(atoms[random.below(atoms.count)])"
            }
            return "{\(members.joined(separator: ", "))}"
        }
        var texts = ["null", "[]", "{}", #"{"value": "no array"}"#, #""text""#, "3", #"[[{"value": "nested"}]]"#]
        for _ in 0..<400 {
            let items = (0..<random.below(4)).map { _ in
                random.below(5) == 0 ? atoms[random.below(atoms.count)] : object()
            }
            texts.append("[\(items.joined(separator: ", "))]")
        }
        let rows = try await connection.query(
            """
            SELECT j::jsonb::text, CASE jsonb_typeof(j::jsonb) WHEN 'array' THEN ARRAY(
                    SELECT coalesce(e ->> 'type', '') FROM jsonb_array_elements(j::jsonb) AS e
                    WHERE jsonb_typeof(e) = 'object') ELSE '{}' END,
                CASE jsonb_typeof(j::jsonb) WHEN 'array' THEN ARRAY(
                    SELECT coalesce(e ->> 'value', '') FROM jsonb_array_elements(j::jsonb) AS e
                    WHERE jsonb_typeof(e) = 'object') ELSE '{}' END
            FROM unnest($1::text[]) AS j
            """, [.texts(texts)])
        #expect(rows.count == texts.count)
        var members = 0
        for row in rows {
            let text = try row.text(0)
            let ours = JSONObjects.members(["type", "value"], of: text)
            members += ours.count
            #expect(ours.map { $0[0] } == (try row.textArray(1)), "\(text)")
            #expect(ours.map { $0[1] } == (try row.textArray(2)), "\(text)")
        }
        #expect(members > 200)
        await connection.close()
    }

    /// Whatever is cut off, nothing is read beyond the end.
    @Test func anythingElseEnds() {
        let text = #"[{"type": "a\u00e9", "value": ["x", {"y": "\\"}]}, {"value": "z"}]"#
        for count in 0...text.utf8.count {
            _ = JSONObjects.members(["type", "value"], of: String(decoding: text.utf8.prefix(count), as: UTF8.self))
        }
        #expect(JSONObjects.members(["value"], of: text) == [[#"["x", {"y": "\\"}]"#], ["z"]])
        #expect(JSONObjects.members(["value"], of: nil).isEmpty)
    }
}
