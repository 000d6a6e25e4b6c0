import { afInet, lastError, libc, sockCloseOnExec, sockDatagram, socketAddress } from "./libc.ts";

const firstPort = 10_000;
/** Below the range that Linux gives to outgoing connections. */
const lastPort = 32_000;

/** RTP on an even port, RTCP on the next one (RFC 3550 §11). */
export interface PortPair {
  readonly port: number;
  readonly rtpFd: number;
  close(): void;
}

let nextPort = firstPort + 2 * Math.floor(Math.random() * (lastPort - firstPort) / 2);

function bindUdp(port: number): number {
  const fd = libc().socket(afInet, sockDatagram | sockCloseOnExec, 0);
  if (fd < 0) throw new Error(`socket: ${lastError()}`);
  if (libc().bind(fd, socketAddress("0.0.0.0", port), 16) === 0) return fd;
  libc().close(fd);
  return -1;
}

export function bindPortPair(): PortPair {
  for (let tries = 0; tries < (lastPort - firstPort) / 2; tries++) {
    const port = nextPort;
    nextPort = port + 2 > lastPort ? firstPort : port + 2;
    const rtpFd = bindUdp(port);
    if (rtpFd < 0) continue;
    const rtcpFd = bindUdp(port + 1);
    if (rtcpFd < 0) {
      libc().close(rtpFd);
      continue;
    }
    const close = () => {
      libc().close(rtpFd);
      libc().close(rtcpFd);
    };
    return { port, rtpFd, close };
  }
  throw new Error("no free pair of UDP ports");
}
