import FoundationEssentials
import SampleFleet
import Testing

@Suite struct LocalMachineTests {
    /// A system tree in a folder of its own, gone afterwards.
    private func withTree(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.path + "/assetlinkd-tree-\(UInt64.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for (path, text) in files {
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(
                atPath: root + "/" + folder, withIntermediateDirectories: true)
            #expect(FileManager.default.createFile(atPath: root + path, contents: Data(text.utf8)))
        }
        try body(root)
    }

    @Test func aServerWithTwoAdapters() throws {
        let files = [
            "/sys/class/dmi/id/sys_vendor": "Kestrel\n", "/sys/class/dmi/id/product_name": "Tower R640\n",
            "/sys/class/dmi/id/product_serial": "K123456\n", "/sys/class/dmi/id/chassis_serial": "K123456\n",
            "/sys/class/dmi/id/product_uuid": "4b455354-0000-1000-8000-000000000001\n",
            "/sys/class/net/eth1/address": "d4:7b:3e:00:00:02\n", "/sys/class/net/eth1/device/vendor": "0x8086\n",
            "/sys/class/net/eth0/address": "d4:7b:3e:00:00:01\n", "/sys/class/net/eth0/device/vendor": "0x8086\n",
            "/sys/class/net/docker0/address": "02:42:00:00:00:01\n", "/sys/class/net/lo/address": "00:00:00:00:00:00\n",
            "/proc/sys/kernel/hostname": "srv-1\n", "/etc/os-release": "NAME=x\nPRETTY_NAME=\"Debian 12\"\n",
            "/proc/cpuinfo": "processor : 0\nflags : fpu sse2\n", "/etc/machine-id": "0123abcd\n",
        ]
        try withTree(files) { root in
            let machine = LocalMachine.discover(root: root)
            #expect(machine.id == "local-0123abcd")
            #expect(machine.machineClass == "server")
            #expect(machine.hostname == "srv-1")
            #expect(machine.serialNumber == "K123456")
            #expect(machine.macs == ["d4:7b:3e:00:00:01", "d4:7b:3e:00:00:02"])
            #expect(machine.os == "Debian 12")
            #expect(LocalMachine.adapters(root: root).map(\.name) == ["eth0", "eth1", "docker0"])
        }
    }

    @Test(arguments: [
        ["/sys/hypervisor/type": "xen\n"], ["/sys/class/dmi/id/product_name": "Standard PC (Q35), KVM\n"],
        ["/proc/cpuinfo": "flags : fpu hypervisor sse2\n"],
    ])
    func hypervisorsGiveThemselvesAway(files: [String: String]) throws {
        try withTree(files) { #expect(LocalMachine.discover(root: $0).machineClass == "vm") }
    }

    @Test func anEmptyTreeIsAMachineToo() throws {
        try withTree([:]) { root in
            let machine = LocalMachine.discover(root: root)
            #expect(machine.id == "local-unnamed")
            #expect(machine.macs.isEmpty)
            #expect(machine.os == "Linux")
        }
    }

    @Test func thisMachineIsDiscovered() {
        let machine = LocalMachine.discover()
        #expect(machine.id.hasPrefix("local-"))
    }
}
