import Testing

@testable import Postgres

@Suite("Coding", .timeLimit(.minutes(1)))
struct CodingTests {
    private static let micros2001: Int64 = 978_307_200_000_000

    /// What is sent, byte for byte.
    @Test(
        arguments: [
            (Parameter.bool(true), [1]),
            (.int4(-2), [0xFF, 0xFF, 0xFF, 0xFE]),
            (.int8(0x0102_0304_0506_0708), [1, 2, 3, 4, 5, 6, 7, 8]),
            (.float8(1.5), [0x3F, 0xF8, 0, 0, 0, 0, 0, 0]),
            (.text("ä"), [0xC3, 0xA4]),
            (.text(""), []),
            (.bytes([0, 255]), [0, 255]),
            (.uuid(0x0001_0203_0405_0607, 0x0809_0A0B_0C0D_0E0F), Array(0...15)),
            (.timestamptz(946_684_800_000_001), [0, 0, 0, 0, 0, 0, 0, 1]),
            (.timestamptz(.max), [0x7F, 255, 255, 255, 255, 255, 255, 255]),
            (.timestamptz(.min), [0x80, 0, 0, 0, 0, 0, 0, 0]),
            (.json("1"), [1, 0x31]),
            (.int4Array([]), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23]),
            (
                .int4Array([7, nil]),
                [
                    0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255,
                    255,
                ]
            ),
            (
                .textArray(["a"]),
                [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 97]
            ),
        ] as [(Parameter, [UInt8])])
    func bytes(_ parameter: Parameter, _ expected: [UInt8]) {
        var bytes: [UInt8] = []
        let hasValue = bytes.append(parameter)
        #expect(hasValue)
        #expect(bytes == expected)
    }

    @Test func nullHasNoBytes() {
        var bytes: [UInt8] = []
        let hasValue = bytes.append(.null)
        #expect(!hasValue)
        #expect(bytes.isEmpty)
    }

    /// The server reads what was meant: its own text form is compared.
    @Test(
        arguments: [
            (Parameter.null, nil),
            (.bool(true), "true"), (.bool(false), "false"),
            (.int4(.min), "-2147483648"), (.int8(.max), "9223372036854775807"),
            (.float8(-0.1), "-0.1"), (.float8(.infinity), "Infinity"), (.float8(.nan), "NaN"),
            (.text("it's \"ä\" 🙂"), "it's \"ä\" 🙂"), (.text(""), ""),
            (.bytes([0, 1, 0xFE]), "\\x0001fe"), (.bytes([]), "\\x"),
            (.uuid(0x0001_0203_0405_0607, 0x0809_0A0B_0C0D_0E0F), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
            (.timestamptz(978_307_200_000_001), "2001-01-01 00:00:00.000001+00"),
            (.timestamptz(-1), "1969-12-31 23:59:59.999999+00"),
            (.timestamptz(.max), "infinity"), (.timestamptz(.min), "-infinity"),
            (.json(#"{"a": [1, null]}"#), #"{"a": [1, null]}"#),
            (.textArray(["a", nil, "", "NULL", "ä,\"{}"]), #"{a,NULL,"","NULL","ä,\"{}"}"#),
            (.textArray([]), "{}"),
            (.int4Array([1, nil, -3]), "{1,NULL,-3}"), (.int8Array([.min, nil]), "{-9223372036854775808,NULL}"),
            (.boolArray([true, nil, false]), "{t,NULL,f}"), (.float8Array([1.5, nil]), "{1.5,NULL}"),
            (.timestamptzArray([0, nil]), #"{"1970-01-01 00:00:00+00",NULL}"#),
            (.jsonArray([#"{"a":1}"#, nil]), #"{"{\"a\": 1}",NULL}"#),
            (.byteaArray([[1], nil, []]), #"{"\\x01",NULL,"\\x"}"#),
        ] as [(Parameter, String?)])
    func serverReads(_ parameter: Parameter, _ expected: String?) async throws {
        try await withConnection { connection async throws in
            try await connection.script("SET TimeZone = 'UTC'")
            let type = parameter.serverType
            let row = try await connection.query("SELECT ($1::\(type))::text", [parameter])[0]
            #expect(try row.textOrNil(0) == expected)
        }
    }

    @Test func scalarsComeBack() async throws {
        try await withConnection { connection async throws in
            let row = try await connection.query(
                "SELECT $1::bool, $2::int4, $3::int8, $4::float8, $5::text, $6::bytea, $7::timestamptz, $8::jsonb, $9::uuid",
                [
                    .bool(true), .int4(-5), .int8(.min), .float8(2.5), .text("ü"), .bytes([9, 0]),
                    .timestamptz(Self.micros2001), .json("[1]"), .uuid(1, .max),
                ])[0]
            #expect(try row.bool(0))
            #expect(try row.int4(1) == -5)
            #expect(try row.int8(2) == .min)
            #expect(try row.float8(3) == 2.5)
            #expect(try row.text(4) == "ü")
            #expect(try row.bytes(5) == [9, 0])
            #expect(try row.timestamptz(6) == Self.micros2001)
            #expect(try row.json(7) == "[1]")
            #expect(try row.text(7) == "[1]")
            #expect(try row.uuid(8) == (1, .max))
            for column in 0..<9 { #expect(try !row.isNull(column)) }
        }
    }

    @Test func arraysComeBack() async throws {
        try await withConnection { connection async throws in
            let row = try await connection.query(
                "SELECT $1::text[], $2::int4[], $3::int8[], $4::bool[], $5::timestamptz[], $6::jsonb[], $7::bytea[], $8::float8[]",
                [
                    .textArray(["a", nil, ""]), .int4Array([1, nil]), .int8Array([]), .boolArray([nil, true]),
                    .timestamptzArray([.max, nil, 0]), .jsonArray(["1", nil]), .byteaArray([[], nil, [7]]),
                    .float8Array([0.5, nil]),
                ])[0]
            #expect(try row.textArray(0) == ["a", nil, ""])
            #expect(try row.int4Array(1) == [1, nil])
            #expect(try row.int8Array(1) == [1, nil])
            #expect(try row.int8Array(2) == [])
            #expect(try row.boolArray(3) == [nil, true])
            #expect(try row.timestamptzArray(4) == [.max, nil, 0])
            #expect(try row.jsonArray(5) == ["1", nil])
            #expect(try row.byteaArray(6) == [[], nil, [7]])
            #expect(try row.float8Array(7) == [0.5, nil])
        }
    }

    @Test func otherTypesOfTheServer() async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TYPE pg_temp.mood AS ENUM ('sad', 'glad')")
            let row = try await connection.query(
                """
                SELECT 'n'::name, 'v'::varchar(3), 'c'::char(2), '{"a" :1}'::json, 7::int2, 4000000000::oid,
                    '12345678901'::xid8, 'glad'::pg_temp.mood, ARRAY['sad', NULL]::pg_temp.mood[], 1.5::float4,
                    pg_notify('nobody', ''), ARRAY['x']::name[], ARRAY[1, NULL]::int2[], '{1}'::json[]
                """)[0]
            #expect(try row.text(0) == "n")
            #expect(try row.text(1) == "v")
            #expect(try row.text(2) == "c ")
            #expect(try row.json(3) == #"{"a" :1}"#)
            #expect(try row.int8(4) == 7)
            #expect(try row.int4(4) == 7)
            #expect(try row.int8(5) == 4_000_000_000)
            #expect(try row.int8(6) == 12_345_678_901)
            #expect(try row.text(7) == "glad")
            #expect(try row.textArray(8) == ["sad", nil])
            #expect(try row.float8(9) == 1.5)
            #expect(try row.isNull(10))
            #expect(try row.textOrNil(10) == nil)
            #expect(try row.textArray(11) == ["x"])
            #expect(try row.int8Array(12) == [1, nil])
            #expect(try row.jsonArray(13) == ["1"])
        }
    }

    @Test func wrongTypesAndNullsAreErrors() async throws {
        try await withConnection { connection async throws in
            let row = try await connection.query(
                "SELECT 1::int8 AS id, NULL::text AS label, 1.5::numeric AS n, ARRAY[[1,2],[3,4]] AS grid")[0]
            let wrong = await failure { _ = try row.text(0) }
            #expect(wrong?.code == .decoding)
            #expect(wrong?.column == "id")
            #expect(wrong?.message.contains("id") == true)
            #expect(await failure { _ = try row.text(1) }?.column == "label")
            #expect(try row.textOrNil(1) == nil)
            #expect(await failure { _ = try row.float8(2) }?.column == "n")
            #expect(await failure { _ = try row.int4Array(3) }?.column == "grid")
            #expect(await failure { _ = try row.text(4) }?.code == .decoding)
            #expect(await failure { _ = try row.text(-1) }?.code == .decoding)
            #expect(await failure { _ = try row.isNull(9) }?.code == .decoding)
            #expect(await failure { _ = try row.bytes(0) }?.code == .decoding)
            #expect(await failure { _ = try row.uuid(0) }?.code == .decoding)
        }
    }

    @Test func rowsDescribeThemselves() async throws {
        try await withConnection { connection async throws in
            let rows = try await connection.query("SELECT i AS number, 'x' AS letter FROM generate_series(1, 3) i")
            #expect(rows.columns == ["number", "letter"])
            #expect(rows.count == 3)
            #expect(try rows.map { row in try row.int8(0) } == [1, 2, 3])
            #expect(try rows.first?.text(1) == "x")
            let none = try await connection.query("SELECT 1 WHERE false")
            #expect(none.isEmpty && none.first == nil)
            let made = try await connection.query("CREATE TEMP TABLE t AS SELECT generate_series(1, 7) AS i")
            #expect(made.affected == 7 && made.columns.isEmpty)
            #expect(try await connection.query("UPDATE t SET i = i + 1 WHERE i > 5").affected == 2)
        }
    }
}

extension Parameter {
    /// The type as the server writes it; text for NULL.
    fileprivate var serverType: String {
        switch self {
        case .null: "text"
        case .bool: "bool"
        case .int4: "int4"
        case .int8: "int8"
        case .float8: "float8"
        case .text: "text"
        case .bytes: "bytea"
        case .uuid: "uuid"
        case .timestamptz: "timestamptz"
        case .json: "jsonb"
        case .textArray: "text[]"
        case .int4Array: "int4[]"
        case .int8Array: "int8[]"
        case .boolArray: "bool[]"
        case .float8Array: "float8[]"
        case .timestamptzArray: "timestamptz[]"
        case .jsonArray: "jsonb[]"
        case .byteaArray: "bytea[]"
        }
    }
}
