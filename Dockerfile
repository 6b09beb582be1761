# The environment and GraphiQL's files are made while building; the running container needs no network but its database.
FROM python:3.13-slim AS build
RUN useradd --create-home --home-dir /ventas ventas
WORKDIR /ventas
USER ventas
COPY --chown=ventas ventas package.json package-lock.json ./
COPY --chown=ventas requirements requirements
COPY --chown=ventas app app
COPY --chown=ventas rules rules
RUN ./ventas settings > /dev/null && python -c "from app.assets import ensure_assets; ensure_assets()"

# What built it stays behind: caches, npm's packages, and the right to change any of it.
FROM python:3.13-slim
RUN useradd --no-create-home --home-dir /ventas ventas
WORKDIR /ventas
COPY --from=build /ventas/.venv .venv
COPY --from=build /ventas/storefront/static/vendor storefront/static/vendor
COPY . .
USER ventas
ENV PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000 9464
ENTRYPOINT ["./ventas"]
CMD ["serve"]
