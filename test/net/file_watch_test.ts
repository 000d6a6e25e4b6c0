import { createLogger, silentLogger } from "../../src/base/logger.ts";
import { CertificateFiles } from "../../src/net/certificate_files.ts";
import { FileWatch } from "../../src/net/file_watch.ts";
import { createSelfSignedCertificate } from "../../src/net/self_signed.ts";
import { equal } from "../support/assert.ts";
import { guarded } from "../support/guarded.ts";

/** Changes that a watch tells, one after the other. */
class Told {
  readonly #waiting: ((path: string) => void)[] = [];
  readonly #told: string[] = [];

  readonly tell = (path: string) => {
    const next = this.#waiting.shift();
    if (next === undefined) this.#told.push(path);
    else next(path);
  };

  next(): Promise<string> {
    const told = this.#told.shift();
    return told === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(told);
  }
}

Deno.test("file watch: written in place, renamed over, removed and made again, link swapped", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/a.yml`;
  await Deno.writeTextFile(file, "1");
  const told = new Told();
  const watch = new FileWatch([file], silentLogger, told.tell);
  // In one step: a file that is emptied first may be told of twice when the machine is slow.
  await Deno.writeTextFile(file, "2", { append: true });
  equal(await told.next(), file);
  await Deno.writeTextFile(`${folder}/b.yml`, "333");
  await Deno.rename(`${folder}/b.yml`, file);
  equal(await told.next(), file);
  await Deno.writeTextFile(`${folder}/c.yml`, "4444");
  await Deno.remove(file);
  await Deno.rename(`${folder}/c.yml`, file);
  equal(await told.next(), file);
  // As a ConfigMap is mounted: the file leads through a link to a folder, which is swapped.
  const mounted = `${folder}/mounted.yml`;
  for (const version of ["v1", "v2"]) {
    await Deno.mkdir(`${folder}/${version}`);
    await Deno.writeTextFile(`${folder}/${version}/mounted.yml`, version);
  }
  await Deno.symlink("v1", `${folder}/..data`);
  await Deno.symlink("..data/mounted.yml", mounted);
  const second = new FileWatch([mounted], silentLogger, told.tell);
  await Deno.symlink("v2", `${folder}/..data_tmp`);
  await Deno.rename(`${folder}/..data_tmp`, `${folder}/..data`);
  equal(await told.next(), mounted);
  equal(await Deno.readTextFile(mounted), "v2");
  await watch.close();
  await second.close();
  await Deno.remove(folder, { recursive: true });
});

/** What happens to the folder of `root/conf/sub/a.yml`, and then leaves another file there. */
const upheavals: Readonly<Record<string, (root: string) => Promise<void>>> = {
  "removed and made again": async (root) => {
    await Deno.remove(`${root}/conf/sub`, { recursive: true });
    await Deno.mkdir(`${root}/conf/sub`);
    await Deno.writeTextFile(`${root}/conf/sub/a.yml`, "22");
  },
  "removed with its parent, and made again step by step": async (root) => {
    await Deno.remove(`${root}/conf`, { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 120));
    await Deno.mkdir(`${root}/conf`);
    await new Promise((resolve) => setTimeout(resolve, 120));
    await Deno.mkdir(`${root}/conf/sub`);
    await new Promise((resolve) => setTimeout(resolve, 120));
    await Deno.writeTextFile(`${root}/conf/sub/a.yml`, "22");
  },
  "replaced by another one": async (root) => {
    await Deno.mkdir(`${root}/new`);
    await Deno.writeTextFile(`${root}/new/a.yml`, "22");
    await Deno.rename(`${root}/conf/sub`, `${root}/old`);
    await Deno.rename(`${root}/new`, `${root}/conf/sub`);
  },
  "replaced with its parent": async (root) => {
    await Deno.mkdir(`${root}/new/sub`, { recursive: true });
    await Deno.writeTextFile(`${root}/new/sub/a.yml`, "22");
    await Deno.rename(`${root}/conf`, `${root}/old`);
    await Deno.rename(`${root}/new`, `${root}/conf`);
  },
  "replaced by a link": async (root) => {
    await Deno.mkdir(`${root}/v1/sub`, { recursive: true });
    await Deno.writeTextFile(`${root}/v1/sub/a.yml`, "22");
    await Deno.rename(`${root}/conf`, `${root}/old`);
    await Deno.symlink("v1", `${root}/conf`);
  },
};

for (const [what, happen] of Object.entries(upheavals)) {
  Deno.test(`file watch: the folder is ${what}`, async () => {
    const root = await Deno.makeTempDir();
    const file = `${root}/conf/sub/a.yml`;
    await Deno.mkdir(`${root}/conf/sub`, { recursive: true });
    await Deno.writeTextFile(file, "1");
    const told = new Told();
    const watch = new FileWatch([file], silentLogger, told.tell);
    await happen(root);
    equal(await guarded("the other file", told.next()), file);
    // The new folder is watched as the old one was.
    await Deno.writeTextFile(file, "333");
    equal(await guarded("a change in the new folder", told.next()), file);
    await watch.close();
    await Deno.remove(root, { recursive: true });
  });
}

Deno.test("file watch: two files in a folder that is made again, each with a watch of its own", async () => {
  const root = await Deno.makeTempDir();
  const files = [`${root}/conf/a.yml`, `${root}/conf/b.yml`];
  const told = files.map(() => new Told());
  const write = async (text: string) => {
    await Deno.mkdir(`${root}/conf`);
    for (const file of files) await Deno.writeTextFile(file, text);
  };
  await write("1");
  const watches = files.map((file, i) => new FileWatch([file], silentLogger, told[i].tell));
  for (const text of ["22", "333"]) {
    await Deno.remove(`${root}/conf`, { recursive: true });
    await write(text);
    for (const one of told) await guarded(text, one.next());
  }
  await watches[0].close();
  await Deno.writeTextFile(files[1], "4444");
  equal(await guarded("the other one after one was closed", told[1].next()), files[1]);
  await watches[1].close();
  await Deno.remove(root, { recursive: true });
});

Deno.test("file watch: the folder is a link, which is swapped again and again", async () => {
  const root = await Deno.makeTempDir();
  const file = `${root}/current/conf/a.yml`;
  for (const version of ["1", "22", "333"]) {
    await Deno.mkdir(`${root}/v${version}/conf`, { recursive: true });
    await Deno.writeTextFile(`${root}/v${version}/conf/a.yml`, version);
  }
  await Deno.symlink("v1", `${root}/current`);
  const told = new Told();
  const watch = new FileWatch([file], silentLogger, told.tell);
  for (const version of ["22", "333", "1"]) {
    await Deno.symlink(`v${version}`, `${root}/next`);
    await Deno.rename(`${root}/next`, `${root}/current`);
    equal(await guarded(`version ${version}`, told.next()), file);
  }
  await watch.close();
  await Deno.remove(root, { recursive: true });
});

Deno.test("file watch: in a folder where other files change all the time", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/a.yml`;
  await Deno.writeTextFile(file, "1");
  const told = new Told();
  const watch = new FileWatch([file], silentLogger, told.tell);
  let found: string | null = null;
  const change = told.next().then((path) => found = path);
  await Deno.writeTextFile(file, "22");
  const limit = Date.now() + 60_000;
  for (let i = 0; found === null && Date.now() < limit; i++) {
    await Deno.writeTextFile(`${folder}/server.log`, `line ${i}\n`, { append: true });
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  equal(found, file);
  await change;
  await watch.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("certificate files: a new pair is taken over, a pair that does not fit is not", async () => {
  const folder = await Deno.makeTempDir();
  const [certPath, keyPath] = [`${folder}/s.crt`, `${folder}/s.key`];
  const write = async (pair: { certificate: string; key: string }) => {
    await Deno.writeTextFile(`${folder}/new`, pair.certificate);
    await Deno.rename(`${folder}/new`, certPath);
    await Deno.writeTextFile(keyPath, pair.key);
  };
  const first = createSelfSignedCertificate({
    commonName: "localhost",
    notBefore: 0,
    notAfter: Date.now() + 1e9,
  });
  await write(first);
  const told = new Told();
  const files = await CertificateFiles.open(
    certPath,
    keyPath,
    createLogger((level, text) => told.tell(`${level} ${text.split(" after")[0]}`), () => true),
  );
  equal(files.store.current.certificate, first.certificate);
  await Deno.writeTextFile(keyPath, "rubbish");
  equal(await told.next(), "warn certificate not reloaded");
  equal(files.store.current.key, first.key);
  const second = createSelfSignedCertificate({
    commonName: "localhost",
    notBefore: 0,
    notAfter: Date.now() + 1e9,
  });
  await write(second);
  while (await told.next() !== "info certificate reloaded");
  equal(files.store.current.certificate, second.certificate);
  await files.close();
  await Deno.remove(folder, { recursive: true });
});
