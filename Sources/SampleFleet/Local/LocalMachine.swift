/// The machine that this runs on, as an agent would report it: the one real CI of a demo.
package enum LocalMachine {
    /// Reads what this process may read; a missing file is normal (containers, other than root).
    ///
    /// `root` is for tests: a folder that holds `sys`, `proc` and `etc`.
    package static func discover(root: String = "") -> Machine {
        let tree = SystemTree(root: root)
        var machine = Machine(id: "local")
        machine.hostname = tree.line("/proc/sys/kernel/hostname")
        machine.manufacturer = tree.line("/sys/class/dmi/id/sys_vendor")
        machine.model = tree.line("/sys/class/dmi/id/product_name")
        machine.serialNumber = tree.line("/sys/class/dmi/id/product_serial")
        machine.boardSerial = tree.line("/sys/class/dmi/id/board_serial")
        machine.chassisSerial = tree.line("/sys/class/dmi/id/chassis_serial")
        machine.assetTag = tree.line("/sys/class/dmi/id/chassis_asset_tag")
        machine.uuid = tree.line("/sys/class/dmi/id/product_uuid")
        machine.macs = physicalAddresses(tree)
        machine.os = os(tree)
        machine.hypervisorHint = hypervisorHint(tree)
        machine.machineClass = machine.hypervisorHint == nil ? "server" : "vm"
        machine.id = "local-" + (tree.line("/etc/machine-id") ?? machine.hostname ?? "unnamed")
        return machine
    }

    /// Network adapters, physical ones first; a virtual one (bridge, veth, tunnel) has no device behind it.
    package static func adapters(root: String = "") -> [(name: String, address: String, isPhysical: Bool)] {
        adapters(SystemTree(root: root))
    }

    private static func adapters(_ tree: SystemTree) -> [(name: String, address: String, isPhysical: Bool)] {
        let all = tree.entries("/sys/class/net").sorted().compactMap { name -> (String, String, Bool)? in
            guard let address = tree.line("/sys/class/net/\(name)/address"), !address.isEmpty else { return nil }
            guard address.contains(where: { $0 != "0" && $0 != ":" }) else { return nil }
            return (name, address, tree.exists("/sys/class/net/\(name)/device"))
        }
        return all.filter(\.2) + all.filter { !$0.2 }
    }

    /// The physical addresses; where there are none at all (a container), the virtual ones.
    private static func physicalAddresses(_ tree: SystemTree) -> [String] {
        let all = adapters(tree)
        let physical = all.filter(\.isPhysical)
        return (physical.isEmpty ? all : physical).map(\.address)
    }

    private static func os(_ tree: SystemTree) -> String {
        let release = tree.lines("/etc/os-release").first { $0.hasPrefix("PRETTY_NAME=") }
        let name = release.map { String($0.dropFirst("PRETTY_NAME=".count)).filter { $0 != "\"" } }
        let kernel = tree.line("/proc/sys/kernel/osrelease").map { " (Linux \($0))" }
        return (name ?? "Linux") + (kernel ?? "")
    }

    /// What says that this is a virtual machine, or nil.
    private static func hypervisorHint(_ tree: SystemTree) -> String? {
        if let type = tree.line("/sys/hypervisor/type"), !type.isEmpty { return type }
        let maker = tree.line("/sys/class/dmi/id/sys_vendor") ?? ""
        let product = tree.line("/sys/class/dmi/id/product_name") ?? ""
        let text = (maker + " " + product).lowercased()
        let names = [
            "kvm", "qemu", "vmware", "virtualbox", "virtual machine", "xen", "bochs", "amazon ec2", "hvm domu",
        ]
        if let name = names.first(where: text.contains) { return name }
        if text.contains("google compute engine") { return "google compute engine" }
        let flags = tree.lines("/proc/cpuinfo").first { $0.hasPrefix("flags") } ?? ""
        return flags.split(separator: " ").contains("hypervisor") ? "cpu flag" : nil
    }
}
