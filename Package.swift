// swift-tools-version: 6.3
import PackageDescription

/// Settings of every target we own, each with the proposal it comes from.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    .enableUpcomingFeature("ImmutableWeakCaptures"),  // SE-0481
    .treatAllWarnings(as: .error),  // SE-0480
    .treatWarning("DeprecatedDeclaration", as: .warning),  // a dependency's deprecation must not break a build
]

/// Only for the module that touches C: every unsafe expression is marked (SE-0458).
let unsafeRoom: [SwiftSetting] =
    house + [
        .strictMemorySafety(),
        .enableExperimentalFeature("Lifetimes"),
    ]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")

let package = Package(
    name: "assetlinkd",
    products: [
        .executable(name: "assetlinkd", targets: ["assetlinkd"]),
        .executable(name: "assetlinkctl", targets: ["assetlinkctl"]),
        .executable(name: "assetlink-bench", targets: ["assetlink-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        // Without traits: its own reader of configuration, and all of Foundation, which would cost every daemon memory. Of
        // its parts the server alone: routes and files in the rest would be another two megabytes of code.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // What is decided: pure, imports nothing.
        .target(name: "LinkCore", swiftSettings: house),
        // How rules are written: files to rule sets and back, and what is wrong with them.
        .target(name: "LinkRules", dependencies: ["LinkCore", yaml], swiftSettings: house),
        // How PostgreSQL is spoken to: knows nothing of assets.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "Postgres", dependencies: ["CLibPQ", logging], swiftSettings: unsafeRoom),
        // Where our SQL lives: rows to core values, plans to rows.
        .target(name: "LinkStore", dependencies: ["LinkCore", "Postgres", logging, crypto], swiftSettings: house),
        // The service manager and the journal, in their own words: knows nothing of assets.
        .target(name: "Systemd", dependencies: [logging], swiftSettings: house),
        .testTarget(
            name: "SystemdTests",
            dependencies: ["Systemd", "LinkTesting", "LinkService", "Postgres", "assetlinkd", logging],
            swiftSettings: house),
        // What glibc's allocator is told: Swift's own module of the C library leaves it out.
        .systemLibrary(name: "CMalloc"),
        // What runs for years: the loop, the lease, the doorbell.
        .target(
            name: "LinkService",
            dependencies: ["CMalloc", "LinkCore", "LinkStore", "Postgres", "Systemd", logging, lifecycle, metrics],
            swiftSettings: house),
        // What a site may set: each setting described once, read from flags, environment and a file.
        .target(
            name: "LinkConfiguration",
            dependencies: ["LinkService", "LinkStore", "Postgres", logging, configuration], swiftSettings: house),
        .testTarget(
            name: "LinkConfigurationTests",
            dependencies: [
                "LinkConfiguration", "LinkService", "LinkStore", "LinkTesting", "Postgres", "assetlinkd", logging, yaml,
            ],
            swiftSettings: house),
        // What the daemon tells of itself over HTTP: alive, ready, measured.
        .target(
            name: "LinkHealth",
            dependencies: [
                "LinkService", "LinkStore", "Postgres", logging, lifecycle, metrics, hummingbirdCore,
                nioCore,
                nioPosix, httpTypes,
            ],
            swiftSettings: house),
        // A seeded fleet for trials, and the machine this runs on.
        .target(name: "SampleFleet", dependencies: ["LinkCore"], swiftSettings: house),
        .target(
            name: "LinkCommands",
            dependencies: [
                "LinkConfiguration", "LinkCore", "LinkRules", "LinkStore", "Postgres", "SampleFleet", logging, signals,
                arguments,
            ],
            swiftSettings: house),
        .executableTarget(
            name: "assetlinkd",
            dependencies: [
                "LinkConfiguration", "LinkHealth", "LinkService", "LinkStore", "Postgres", "Systemd", logging,
                lifecycle,
                signals, arguments,
            ],
            swiftSettings: house),
        .executableTarget(name: "assetlinkctl", dependencies: ["LinkCommands", arguments], swiftSettings: house),
        // Shared by the tests: the reference model, generators, a private PostgreSQL.
        .target(
            name: "LinkTesting", dependencies: ["LinkCore", "Postgres", "LinkStore", logging], swiftSettings: house),
        // How fast the daemon is beside what one would use instead: worlds, measures, baselines.
        .target(
            name: "LinkBench",
            dependencies: [
                "LinkCommands", "LinkCore", "LinkStore", "Postgres", "SampleFleet", "LinkTesting", logging, arguments,
            ],
            swiftSettings: house),
        .executableTarget(name: "assetlink-bench", dependencies: ["LinkBench", arguments], swiftSettings: house),
        // Faults made to happen to real processes, for the tests and for the soak.
        .target(
            name: "LinkFaults", dependencies: ["LinkCore", "LinkStore", "LinkTesting", "Postgres", logging],
            swiftSettings: house),
        .executableTarget(
            name: "assetlink-soak", dependencies: ["LinkFaults", "LinkTesting", "assetlinkd", arguments],
            swiftSettings: house),
        .testTarget(name: "LinkCoreTests", dependencies: ["LinkCore", "LinkTesting"], swiftSettings: house),
        .testTarget(
            name: "LinkRulesTests", dependencies: ["LinkRules", "LinkCore", "LinkTesting", yaml], swiftSettings: house),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "LinkTesting", logging], swiftSettings: house),
        .testTarget(
            name: "LinkStoreTests",
            dependencies: ["LinkCore", "LinkRules", "LinkStore", "Postgres", "LinkTesting", logging],
            swiftSettings: house),
        .testTarget(
            name: "LinkPropertyTests", dependencies: ["LinkCore", "LinkStore", "Postgres", "LinkTesting"],
            exclude: ["Kept"], swiftSettings: house),
        .testTarget(
            name: "LinkServiceTests",
            dependencies: ["LinkCore", "LinkStore", "LinkService", "Postgres", "LinkTesting", "SampleFleet", logging],
            swiftSettings: house),
        .testTarget(
            name: "LinkHealthTests",
            dependencies: [
                "LinkHealth", "LinkService", "LinkStore", "LinkCommands", "LinkCore", "Postgres", "LinkTesting",
                "assetlinkd", logging, metrics,
            ],
            swiftSettings: house),
        // The service loop in virtual time, over a simulated database.
        .target(name: "LinkSimulation", dependencies: ["LinkService", "LinkStore"], swiftSettings: house),
        .testTarget(
            name: "LinkSimulationTests", dependencies: ["LinkSimulation", "LinkService"], swiftSettings: house),
        .testTarget(
            name: "SampleFleetTests",
            dependencies: ["SampleFleet", "LinkCommands", "LinkCore", "LinkTesting", "Postgres"],
            swiftSettings: house),
        .testTarget(
            name: "LinkCommandsTests",
            dependencies: [
                "LinkCommands", "LinkService", "LinkStore", "Postgres", "LinkTesting", "assetlinkctl", logging,
                arguments,
            ],
            exclude: ["Golden"], swiftSettings: house),
        .testTarget(
            name: "LinkBenchTests", dependencies: ["LinkBench", "LinkTesting", "Postgres"], swiftSettings: house),
        .testTarget(
            name: "LinkFaultTests", dependencies: ["LinkFaults", "LinkTesting", "LinkStore", "Postgres", "assetlinkd"],
            swiftSettings: house),
        // Every decoder of bytes from outside, over a corpus and what is made of it.
        .testTarget(
            name: "LinkFuzzTests",
            dependencies: [
                "LinkCore", "LinkStore", "LinkCommands", "SampleFleet", "Postgres", "LinkTesting", arguments,
            ],
            exclude: ["Corpus"], swiftSettings: house),
    ]
)
