/** Changes through the API that outlive the server, and the user's file, which they never touch. */
import { equal, match } from "../support/assert.ts";
import { type Answer, ApiClient, eventually } from "./support/api.ts";
import { type Config, TestServer } from "./support/server.ts";

const config: Config = {
  api: true,
  apiPersist: "kept.yml",
  paths: { cam: { maxReaders: 5 }, old: null },
};

/** The whole configuration, as the API shows it. */
async function wholeConf(api: ApiClient): Promise<unknown> {
  const answers: Answer[] = [];
  for (const part of ["global/get", "pathdefaults/get", "paths/list"]) {
    answers.push(await api.get(`/v3/config/${part}`));
  }
  return answers;
}

async function change(api: ApiClient): Promise<void> {
  await api.patch("/v3/config/global/patch", { readTimeout: "7s", rtmp: true });
  await api.patch("/v3/config/pathdefaults/patch", { maxReaders: 50 });
  await api.post("/v3/config/paths/add/site/one", { source: "redirect", sourceRedirect: "rtsp://host/x" });
  await api.patch("/v3/config/paths/patch/cam", { gopCache: "no" });
  await api.delete("/v3/config/paths/delete/old");
}

/** A server, its API and its files, through all restarts. */
class Persisting implements AsyncDisposable {
  private constructor(private server: TestServer, private client: ApiClient, readonly userText: string) {}

  static async start(): Promise<Persisting> {
    const server = await TestServer.start({ config, expectedErrors: /\[API\] path not found/ });
    const file = `${server.folder}/server.yml`;
    const text = `# What the user says about it\n${await Deno.readTextFile(file)}\n# and at the end\n`;
    await Deno.writeTextFile(file, text);
    const restarted = await server.restart();
    return new Persisting(restarted, await ApiClient.open(restarted.apiUrl), text);
  }

  get api(): ApiClient {
    return this.client;
  }

  get folder(): string {
    return this.server.folder;
  }

  async restart(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.server = await this.server.restart(signal);
    this.client = await ApiClient.open(this.server.apiUrl);
    await this.expectUserFile();
  }

  /** Not a byte of it has changed. */
  async expectUserFile(): Promise<void> {
    equal(await Deno.readTextFile(`${this.folder}/server.yml`), this.userText);
  }

  /** Is somebody there? */
  async listens(server: "rtmp"): Promise<boolean> {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port: this.server.ports[server] })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.stop();
  }
}

Deno.test("changes through the API outlive the server", async (t) => {
  await using kept = await Persisting.start();
  const original = await wholeConf(kept.api);
  let changed: unknown;
  await t.step("they are there after a restart", async () => {
    equal(await kept.listens("rtmp"), false);
    await change(kept.api);
    changed = await wholeConf(kept.api);
    await kept.expectUserFile();
    await kept.restart();
    equal(await wholeConf(kept.api), changed);
    equal(await kept.listens("rtmp"), true);
    equal((await kept.api.get("/v3/paths/get/site/one")).source, { type: "redirect", id: "" });
    await kept.api.get("/v3/config/paths/get/old", 404);
  });
  await t.step("the overlay tells them, and where they are", async () => {
    const { file, changes } = await kept.api.get("/v3/config/overlay") as unknown as Config;
    equal(await Deno.realPath(String(file)), await Deno.realPath(`${kept.folder}/kept.yml`));
    equal(changes, {
      global: { readTimeout: "7s", rtmp: true },
      pathDefaults: { maxReaders: 50 },
      paths: {
        "site/one": {
          action: "replace",
          values: { source: "redirect", sourceRedirect: "rtsp://host/x" },
        },
        cam: { action: "patch", values: { gopCache: "no" } },
        old: { action: "delete" },
      },
    });
    match(await Deno.readTextFile(`${kept.folder}/kept.yml`), /^# Changes made through the API/);
    const { mode } = await Deno.stat(`${kept.folder}/kept.yml`);
    equal((mode ?? 0) & 0o777, 0o600, "it may hold secrets");
    const files = [...Deno.readDirSync(kept.folder)].map(({ name }) => name).sort();
    equal(files, ["kept.yml", "server.yml"], "nothing is left of writing");
  });
  await t.step("what was answered is on the disk, even when the server is killed at once", async () => {
    await kept.api.patch("/v3/config/paths/patch/cam", { maxReaders: 6 });
    await kept.restart("SIGKILL");
    equal((await kept.api.get("/v3/config/paths/get/cam")).maxReaders, 6);
  });
  await t.step("all of them are taken back, for the next start too", async () => {
    await kept.api.delete("/v3/config/overlay");
    equal(await wholeConf(kept.api), original);
    // What ends may do so after the answer.
    await eventually("the end of RTMP", () => kept.listens("rtmp"), (listens) => !listens);
    await kept.restart();
    equal(await wholeConf(kept.api), original);
    await kept.api.get("/v3/paths/get/site/one", 404);
  });
});
