# The service as an image: `docker build -t portcullis .` It holds no secret, and no PostgreSQL.
FROM node:24-bookworm-slim AS build
WORKDIR /portcullis
COPY package.json package-lock.json ./
COPY packages/verifier/package.json packages/verifier/
COPY packages/client/package.json packages/client/
COPY web/package.json web/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /portcullis
COPY package.json package-lock.json ./
COPY packages/verifier/package.json packages/verifier/
COPY packages/client/package.json packages/client/
COPY web/package.json web/
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY bin bin
COPY --from=build /portcullis/dist dist
COPY --from=build /portcullis/packages/verifier/dist packages/verifier/dist
COPY --from=build /portcullis/packages/client/dist packages/client/dist
COPY --from=build /portcullis/web/dist web/dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "bin/healthcheck.mjs", "live"]
# Node itself, not npm: it hears SIGTERM, and drains.
CMD ["node", "--max-semi-space-size=64", "dist/src/main.js"]
