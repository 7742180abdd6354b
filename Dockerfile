# Frontdesk in a container: built with the official Rust image, run on a slim Debian as a user who is nobody else.
#
#   docker build -t frontdesk .
#   docker run -p 127.0.0.1:3000:3000 -v frontdesk:/data -e FRONTDESK_BASE_URL=http://127.0.0.1:3000 frontdesk
#   docker exec CONTAINER frontdesk backup /data/frontdesk.backup

FROM rust:1.94-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin frontdesk && cp target/release/frontdesk /frontdesk

FROM debian:bookworm-slim
# Certificates for mail servers and PostgreSQL. To back up PostgreSQL from in here, add postgresql-client of its version.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /frontdesk /usr/local/bin/frontdesk
USER 10001:10001
WORKDIR /data
VOLUME /data
# Listening on every address of the container, it has to be told with FRONTDESK_BASE_URL where visitors find it.
ENV FRONTDESK_DATA_DIR=/data FRONTDESK_LISTEN=0.0.0.0:3000
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '^ok' <&3"]
ENTRYPOINT ["frontdesk"]
CMD ["serve"]
