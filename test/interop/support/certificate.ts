export interface Certificate extends AsyncDisposable {
  readonly keyFile: string;
  readonly certFile: string;
}

/** A self-signed certificate for localhost, made by openssl. */
export async function createCertificate(): Promise<Certificate> {
  const folder = await Deno.makeTempDir({ prefix: "interop-certificate-" });
  const keyFile = `${folder}/server.key`;
  const certFile = `${folder}/server.crt`;
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  // For clients that look closely: an end entity, with a name where names are looked for.
  const extensions = ["basicConstraints=critical,CA:FALSE", "subjectAltName=DNS:localhost"];
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...request,
      ...extensions.flatMap((extension) => ["-addext", extension]),
      "-keyout",
      keyFile,
      "-out",
      certFile,
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`openssl: ${new TextDecoder().decode(stderr)}`);
  return { keyFile, certFile, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}
