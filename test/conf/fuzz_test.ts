import { ConfError } from "../../src/conf/mod.ts";
import { ok } from "../support/assert.ts";
import { fuzzRuns, mutate } from "../support/fuzz.ts";
import { Random } from "../support/random.ts";
import { loadText } from "./support.ts";

const seeds = [
  `logLevel: debug
readTimeout: 1m30s
logDestinations: [stdout, file]
authInternalUsers:
- user: bob
  pass: "sha256:AAAA"
  ips: ['10.0.0.0/8', "::1"]
  permissions: [{action: read, path: ~^x}]
pathDefaults: &d {maxReaders: 3, runOnReady: |
    text
  }
paths:
  cam: {<<: *d, source: rtsp://u:p@h/x, sourceOnDemand: yes}
  "~^(a|b)$":
    alwaysAvailableTracks: [{codec: G711, sampleRate: 8000, channelCount: 1}]
  all_others:
`,
  '{"rtspEncryption": "no", "paths": {"a": null}, "hlsSegmentMaxSize": "1.5M", "webrtcICEServers": ["a:b:c:d:e"]}',
  "? a\n: - b\n  - !!str c\n--- # x\n&a [*a, {b: *a}]\n...\n%YAML 1.1\n",
  "record: yes\nprotocols: [udp]\npaths:\n  x: {publishUser: a, readIPs: [1.2.3.4]}\n",
];

Deno.test("whatever the file, only ConfError comes out", async () => {
  const random = new Random(3);
  const files = seeds.map((seed) => new TextEncoder().encode(seed));
  const pieces = [
    "~",
    "*d",
    "&x ",
    "<<: ",
    "- ",
    ": ",
    "\n  ",
    "[",
    "]",
    "{",
    "}",
    '"',
    "!!int ",
    "null",
    "__proto__: ",
    "yes",
    "\t",
    "|\n",
  ];
  let loaded = 0;
  for (let run = 0; run < Math.min(fuzzRuns, 200_000); run++) {
    let file = mutate(random, random.pick(files));
    if (random.int(3) === 0) {
      const text = new TextDecoder().decode(file);
      const at = random.int(text.length + 1);
      file = new TextEncoder().encode(text.slice(0, at) + random.pick(pieces) + text.slice(at));
    }
    loaded += await loads(file, {});
  }
  ok(loaded > 0, "no input was a configuration");
});

Deno.test("whatever the environment, only ConfError comes out", async () => {
  const random = new Random(5);
  const names = [
    "MTX_LOGLEVEL",
    "MTX_PATHS_CAM_SOURCE",
    "MTX_PATHS_CAM",
    "MTX_PATHS__X",
    "MTX_PATHS_",
    "MTX_PATHS___PROTO___SOURCE",
    "MTX_AUTHINTERNALUSERS",
    "MTX_AUTHINTERNALUSERS_0_PERMISSIONS_0",
    "MTX_AUTHINTERNALUSERS_0_PERMISSIONS_9_ACTION",
    "MTX_AUTHINTERNALUSERS_0_IPS",
    "MTX_WEBRTCICESERVERS",
    "RTSP_RTSPTRANSPORTS",
    "MTX_PATHDEFAULTS_RPICAMERAAWBGAINS",
    "MTX_WRITEQUEUESIZE",
    "MTX_PATHDEFAULTS",
  ];
  const values = ["", "1", "-1", "yes", "a,b", ",", "1e999", "publisher", "read", "\0", "é", "1024", "debug"];
  const files = [
    "",
    "paths: 3",
    "paths: {cam: }",
    "pathDefaults: []",
    "authInternalUsers: {}",
    "authInternalUsers: [3]",
  ];
  let loaded = 0;
  for (let run = 0; run < Math.min(fuzzRuns, 20_000); run++) {
    const env: Record<string, string> = {};
    for (let count = random.int(4); count >= 0; count--) env[random.pick(names)] = random.pick(values);
    loaded += await loads(new TextEncoder().encode(random.pick(files)), env);
  }
  ok(loaded > 0, "no input was a configuration");
});

async function loads(file: Uint8Array, env: Record<string, string>): Promise<number> {
  try {
    await loadText(file, { env });
    return 1;
  } catch (error) {
    if (error instanceof ConfError && error.issues.length > 0) return 0;
    throw new Error(
      `${JSON.stringify(new TextDecoder().decode(file))} with ${JSON.stringify(env)} gave ${error}`,
      { cause: error },
    );
  }
}
