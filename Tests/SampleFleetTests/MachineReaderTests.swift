import FoundationEssentials
import LinkCore
import SampleFleet
import Testing

@Suite struct MachineReaderTests {
    private func parse(_ text: String) throws -> Machine? { try Machine.parse(Array(text.utf8), line: 12) }

    @Test func aGeneratedMachineSurvivesItsLine() throws {
        for machine in FleetGenerator(machines: 200, seed: 5).flatMap(\.machines) {
            #expect(try parse(machine.jsonLine()) == machine)
        }
    }

    @Test(arguments: ["", "   ", "\r", "\t\r"])
    func blankLinesAreNoMachines(line: String) throws {
        #expect(try parse(line) == nil)
    }

    @Test func nullsNumbersAndStrangersAreTaken() throws {
        let machine = try parse(
            #"{"id": 17, "serial_number": 12345678, "uuid": null, "asset_tag": true, "macs": "00:11:22:33:44:55","#
                + #" "hostname": {"fqdn": "x"}, "nobody_knows": [1, {"a": 2}], "parent": {"bay": 3}}"#)
        #expect(machine?.id == "17")
        #expect(machine?.serialNumber == "12345678")
        #expect(machine?.assetTag == "true")
        #expect(machine?.hostname == nil)
        #expect(machine?.macs == ["00:11:22:33:44:55"])
        #expect(machine?.parent?.bay == "3")
    }

    @Test func aMachineWithoutIDIsNamedByItsLine() throws {
        #expect(try parse(#"{"serial_number": "A1"}"#)?.id == "line-12")
    }

    @Test(arguments: [
        ("[1, 2]", "not a JSON object"), ("hostname,serial", "not a JSON object"), (#"{"id": "a""#, "invalid JSON"),
        (#"{"id": "a"} trailing"#, "invalid JSON"),
    ])
    func aBadLineIsNamed(line: String, reason: String) {
        let error = #expect(throws: MachineLineError.self) { try parse(line) }
        #expect(error?.line == 12)
        #expect(error?.description.hasPrefix("line 12: \(reason)") == true, "\(error?.description ?? "")")
    }

    @Test func zeroCharactersDoNotReachTheDatabase() throws {
        let machine = try #require(try parse(#"{"id": "a", "class": "server", "serial_number": "AB\u0000\u0000"}"#))
        #expect(machine.serialNumber?.utf8.count == 4)
        #expect(CIRow(machine, hoursAgo: 1).record.serialNumber == "AB")
    }

    @Test func aRegisterIsMadeUpForMostHardwareAndForNoVirtualMachine() {
        let register = MachineAssets(seed: 1)
        var assets = 0
        for number in 0..<2_000 {
            var machine = Machine(id: "x\(number)", machineClass: "server")
            machine.serialNumber = " s\(number)  "
            let rows = register.rows(of: machine)
            #expect(rows.cis.count == 1)
            #expect(rows == register.rows(of: machine))
            #expect(rows.assets.allSatisfy { $0.record.serialNumber == "s\(number)" })
            assets += rows.assets.count
        }
        #expect((1_640...1_760).contains(assets))
        #expect(register.rows(of: Machine(id: "v", machineClass: "vm")).assets.isEmpty)
    }

    @Test(
        arguments: [
            ("server", "ESXi 8.0", "esx_server"), ("server", nil, "server"), ("server", "Debian", "linux_server"),
            ("vm", nil, "virtual_machine"), ("blade", nil, "blade_server"), ("stack-member", nil, "stack_member"),
            ("powerSupply", nil, "module"), ("9", nil, "module"), ("toaster", nil, "toaster"), (nil, nil, nil),
        ] as [(String?, String?, String?)])
    func classesOfMachineFiles(word: String?, os: String?, expected: String?) {
        #expect(ClassNames.ciClass(word, os: os) == expected)
    }
}
