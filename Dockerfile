# The environment and GraphiQL's files are made while building; the running container needs no network but its database.
FROM python:3.13-slim
RUN useradd --create-home --home-dir /ventas ventas
WORKDIR /ventas
USER ventas
COPY --chown=ventas ventas package.json package-lock.json ./
COPY --chown=ventas requirements requirements
COPY --chown=ventas app app
COPY --chown=ventas rules rules
RUN ./ventas settings > /dev/null && python -c "from app.assets import ensure_assets; ensure_assets()"
COPY --chown=ventas . .
EXPOSE 8000
ENTRYPOINT ["./ventas"]
CMD ["serve"]
