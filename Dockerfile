FROM denoland/deno:2.9.6

WORKDIR /app
COPY deno.json deno.lock main.ts mediamtx.yml ./
COPY src ./src
COPY web ./web
RUN deno cache main.ts

# RTSP, RTSPS, and their UDP ports; RTMP, RTMPS; HLS.
EXPOSE 8554 8322 8000-8007/udp 1935 1936 8888

# The configuration is looked for here, and relative paths start here. Mount a folder with mediamtx.yml to change it.
RUN mkdir /data && cp mediamtx.yml /data/
WORKDIR /data

# As the image's entry point hands its arguments to deno, the server's own follow main.ts.
ENTRYPOINT ["deno", "run", "--allow-all", "--v8-flags=--max-semi-space-size=8", "/app/main.ts"]
