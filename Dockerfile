# Spikescope, as `npm pack` would publish it, on Node alone: no compiler, no tests, no root.
ARG NODE_VERSION=26.10.0

# Debian here, as the tools of the build are linked to its C library; nothing of them is kept.
FROM node:${NODE_VERSION}-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY bin bin
COPY scripts/copy-static.ts scripts/copy-static.ts
COPY src src
COPY pipelines pipelines
RUN npm run build
# What runs needs no script of an installation, and no part that is built.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:${NODE_VERSION}-alpine
LABEL org.opencontainers.image.title="Spikescope" \
      org.opencontainers.image.description="Observability for neuromorphic hardware" \
      org.opencontainers.image.licenses="Apache-2.0"
# npm is not needed any more, and is most of what there would be to mend.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn* \
 && mkdir -p /var/lib/spikescope && chown node:node /var/lib/spikescope
WORKDIR /opt/spikescope
COPY package.json LICENSE ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/bin bin
COPY --from=build /build/dist dist
COPY fixtures/demo fixtures/demo
COPY monitoring monitoring
ENV NODE_ENV=production SPIKESCOPE_STATE=/var/lib/spikescope
USER node
VOLUME /var/lib/spikescope
EXPOSE 9464
# One process, which ends on SIGTERM: no shell in between.
ENTRYPOINT ["node", "/opt/spikescope/bin/spikescope.mjs"]
CMD ["run"]
