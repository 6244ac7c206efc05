import type { settingsMedia as English } from "@/texts/en/settings-media";
import { number, plurals } from "@/texts/plural";

const plural = plurals.es;
const files = (n: number) => plural(n, { one: "# archivo", other: "# archivos" });
const days = (n: number) => plural(n, { one: "# día", other: "# días" });

export const settingsMedia: typeof English = {
  media: {
    lead: "Qué se hace con los archivos que envían tus clientes.",
    policy: "Política de archivos",
    readOnly: "Puedes leer esto. Para cambiarlo hace falta el rol de gestor.",
    own: (n) =>
      plural(n, {
        one: "# cuenta tiene una política propia.",
        other: "# cuentas tienen una política propia.",
      }),
    previewTitle: "Qué cambiaría esto",
    previewLoading: "Contando archivos…",
    stored: (n, size) =>
      plural(n, {
        one: `# archivo (${size}) está guardado. Se queda.`,
        other: `# archivos (${size}) están guardados. Se quedan.`,
      }),
    storedNone: "Todavía no hay nada guardado.",
    notHere: {
      downloaded: (n, size) =>
        plural(n, {
          one: `Se descargará # archivo (${size}) que aún no está aquí.`,
          other: `Se descargarán # archivos (${size}) que aún no están aquí.`,
        }),
      kept_when_viewed: (n, size) =>
        plural(n, {
          one: `# archivo (${size}) que aún no está aquí se guardará cuando alguien lo vea.`,
          other: `# archivos (${size}) que aún no están aquí se guardarán cuando alguien los vea.`,
        }),
      streamed: (n, size) =>
        plural(n, {
          one: `# archivo (${size}) que no está aquí se mostrará desde WhatsApp y no se guardará.`,
          other: `# archivos (${size}) que no están aquí se mostrarán desde WhatsApp y no se guardarán.`,
        }),
    },
    onlyHere: (n) =>
      plural(n, {
        one: "WhatsApp ya no tiene # de los archivos guardados. Si lo borras, nadie podrá volver a verlo.",
        other:
          "WhatsApp ya no tiene # de los archivos guardados. Si los borras, nadie podrá volver a verlos.",
      }),
    apply: (policy) => `Cambiar a «${policy}»`,
    applied: (policy) => `La política de archivos es ahora «${policy}»`,
    erase: "Borrar lo que está guardado",
    eraseLead: (n, size) =>
      plural(n, {
        one: `Con «Sin guardar» no debería quedar nada, pero # archivo (${size}) sigue guardado de antes.`,
        other: `Con «Sin guardar» no debería quedar nada, pero # archivos (${size}) siguen guardados de antes.`,
      }),
    eraseTitle: "¿Borrar los archivos guardados?",
    eraseText: (n, size) =>
      `El contenido de ${files(n)} (${size}) se borra para siempre. Los mensajes se quedan, y lo que WhatsApp todavía tiene se puede ver desde allí.`,
    eraseAction: "Borrar para siempre",
    erased: (n) => plural(n, { one: "Se está borrando # archivo", other: "Se están borrando # archivos" }),
    retention: "Retención",
    mode: {
      forever: "Para siempre",
      days_after_stored: "Un tiempo después de llegar",
      days_after_viewed: "Un tiempo después de verse por última vez",
      archive_after: "Pasarlos al archivo histórico después de un tiempo",
    },
    modeText: {
      forever: "Los archivos se quedan hasta que alguien los elimine.",
      days_after_stored: "Se cuenta desde el día en que se guardó el archivo.",
      days_after_viewed: "Se cuenta desde la última vez que se vio; lo que nadie ve se elimina.",
      archive_after:
        "Al almacenamiento más barato que la instalación tiene para ello. Se pueden seguir viendo.",
    },
    after: {
      days_after_stored: (n) =>
        `Los archivos se eliminan ${days(n)} después de llegar. Sus mensajes se quedan.`,
      days_after_viewed: (n) =>
        `Los archivos se eliminan ${days(n)} después de verse por última vez. Sus mensajes se quedan.`,
      archive_after: (n) => `Los archivos pasan al archivo histórico después de ${days(n)}.`,
    },
    days: "Días",
    daysHint: `De ${number(1)} a ${number(36_500)}`,
    daysNeeded: `Escribe un número entero de ${number(1)} a ${number(36_500)}.`,
    dryRun: "Qué haría esto enseguida",
    ends: (n, size) =>
      plural(n, {
        one: `# archivo (${size}) se eliminaría para siempre antes de una hora.`,
        other: `# archivos (${size}) se eliminarían para siempre antes de una hora.`,
      }),
    archives: (n, size) =>
      plural(n, {
        one: `# archivo (${size}) pasaría al archivo histórico antes de una hora.`,
        other: `# archivos (${size}) pasarían al archivo histórico antes de una hora.`,
      }),
    endsNone: "Nada por ahora: ningún archivo guardado es tan antiguo.",
    retentionWarns: "Lo que elimina lo elimina para siempre, antes de una hora.",
    retentionConfirm: "¿Cambiar la retención?",
    retentionAction: "Cambiar y eliminar",
    auditViews: "Anotar las vistas en el registro de auditoría",
    auditViewsHint: "Quién vio qué archivo y cuándo.",
    limits: "Archivos más grandes",
    limitsLead: "Lo definen WhatsApp y la instalación.",
    inbound: "Recibidos",
    outbound: "Enviados",
    type: "Tipo",
  },
  type: {
    image: "Fotos",
    video: "Videos",
    audio: "Audio",
    document: "Documentos",
    sticker: "Stickers",
  },
  storage: {
    lead: "Archivos guardados por el mes en que llegaron y por tipo.",
    empty: "Todavía no hay nada guardado",
    emptyHint: "En cuanto se guarde un archivo, contará aquí.",
    total: "Guardado",
    filesTotal: "Archivos",
    chart: (months, total) =>
      `Uso del almacenamiento en ${plural(months, { one: "# mes", other: "# meses" })}, ${total} en total. Las cifras están en la tabla de abajo.`,
    table: "Uso del almacenamiento por mes y tipo",
    month: "Mes",
    sum: "Total",
    show: "Mostrar",
    bySize: "Tamaño",
    byFiles: "Número de archivos",
  },
  failures: {
    lead: "Archivos que no se pudieron descargar de WhatsApp, primero los más recientes.",
    empty: "No hay descargas fallidas",
    emptyHint: "Todos los archivos que WhatsApp anunció están aquí o en camino.",
    emptyType: "No hay descargas fallidas de este tipo",
    type: "Tipo",
    all: "Todos los tipos",
    selected: (n) => plural(n, { one: "# seleccionada", other: "# seleccionadas" }),
    select: (name) => `Seleccionar ${name}`,
    selectAll: "Seleccionar todas las que se muestran",
    retry: "Reintentar",
    retryLabel: (name) => `Reintentar ${name}`,
    retrySelected: (n) =>
      plural(n, { one: "Reintentar # seleccionada", other: "Reintentar # seleccionadas" }),
    retryAll: "Reintentar todas",
    retryAllTitle: "¿Reintentar todas las descargas fallidas?",
    retryAllText:
      "Se pone en cola cada descarga fallida que un reintento puede arreglar, también las que no se muestran aquí.",
    retryingAll: "Reintentando…",
    outcome: (retried, succeeded, failed) =>
      retried === 0
        ? "No había nada que un reintento pueda arreglar"
        : `${files(retried)} en cola: ya aquí ${number(succeeded)}, otra vez con error ${number(failed)}`,
    queued: (n) => plural(n, { one: "# archivo de nuevo en cola", other: "# archivos de nuevo en cola" }),
    notQueued: (n, reason) =>
      `${plural(n, { one: "# archivo no se pudo poner en cola", other: "# archivos no se pudieron poner en cola" })}: ${reason}`,
    attempts: (n) => plural(n, { one: "# intento", other: "# intentos" }),
    next: (when) => `Se reintenta automáticamente ${when}`,
    final: "Un reintento no ayuda",
    open: "Mostrar en la conversación",
    agent: "Para reintentar hace falta el rol de agente.",
    loading: "Cargando las descargas fallidas",
  },
  webhooks: {
    lead: "Lo que WhatsApp comunicó y no se pudo registrar. Se conserva entero y se reintenta automáticamente.",
    empty: "No hay eventos apartados",
    emptyHint: "Todo lo que WhatsApp comunicó se registró.",
    account: (name) => `Para ${name}`,
    received: (when) => `Recibido: ${when}`,
    attempts: (n) =>
      n === 0 ? "Aún sin reintentar" : plural(n, { one: "Reintentado # vez", other: "Reintentado # veces" }),
    next: (when) => `Próximo intento ${when}`,
    noNext: "Ya no se reintenta automáticamente",
    retry: "Reintentar",
    label: (id) => `Reintentar el evento ${id}`,
    recorded: "El evento se registró",
    not: (reason) => `Sigue sin registrarse: ${reason}`,
  },
  integrity: {
    lead: "Una vez al día se busca cada archivo guardado, por su nombre y su tamaño.",
    never: "La primera comprobación aún no ha terminado",
    neverHint: "Se hace automáticamente una vez al día.",
    running: "Hay una comprobación en curso; este es el resultado de la última.",
    finished: (when) => `Comprobado ${when}`,
    whole: "Correctos",
    wholeText: "Donde dicen sus registros y con el tamaño correcto.",
    missing: "Faltan",
    missingText:
      "Registros cuyo archivo no está en el almacenamiento. Lo que WhatsApp todavía tiene se puede descargar de nuevo.",
    wrong: "Tamaño incorrecto",
    wrongText:
      "Archivos con un tamaño distinto del registrado. Un operador los repara con «mediary storage check --repair».",
    isHere: (id) => `El archivo ${id} está aquí de nuevo`,
    untracked: "Sin registro",
    untrackedText:
      "Archivos guardados que ningún registro nombra. Se quitan cuando la comprobación del día siguiente los vuelve a encontrar.",
    removed: (n) =>
      plural(n, {
        one: "Se quitó # archivo que ya había encontrado la comprobación del día anterior.",
        other: "Se quitaron # archivos que ya había encontrado la comprobación del día anterior.",
      }),
    first: (shown, all) => (shown < all ? `Los primeros ${number(shown)} de ${number(all)}` : ""),
    good: "Todo está donde debe estar.",
    file: (id) => `Archivo ${id}`,
    fetchAgain: "Descargar de nuevo",
    fetchAgainLabel: (id) => `Descargar de nuevo el archivo ${id}`,
  },
  audit: {
    lead: "Quién hizo qué, cuándo y desde dónde. Primero lo más reciente.",
    empty: "Todavía no se ha registrado nada",
    nothing: "Nada coincide con estos filtros",
    nothingHint: "Cambia los filtros o quítalos.",
    clear: "Quitar los filtros",
    filters: "Filtros",
    actions: {
      "company.created": "Empresa añadida",
      "session.created": "Sesión iniciada",
      "session.ended": "Sesión cerrada",
      "user.created": "Usuario añadido",
      "user.changed": "Usuario cambiado",
      "user.deactivated": "Usuario desactivado",
      "api_key.created": "Clave de API creada",
      "api_key.revoked": "Clave de API revocada",
      "account.created": "Cuenta añadida",
      "account.changed": "Cuenta cambiada",
      "account.disabled": "Cuenta desactivada",
      "media_settings.changed": "Ajustes de archivos cambiados",
      "media.download_requested": "Descarga iniciada",
      "media.retried": "Descargas fallidas reintentadas",
      "media.deleted": "Archivo eliminado",
      "media.released": "Archivo retenido liberado",
      "media.erased": "Archivos guardados borrados",
      "media.viewed": "Archivo visto",
      "library.added": "Archivo guardado en la biblioteca",
      "library.removed": "Archivo quitado de la biblioteca",
      "webhook_event.retried": "Evento apartado reintentado",
      "link.created": "Enlace creado",
      "archive.created": "Archivo zip creado",
    },
    records: {
      media: (id) => `Archivo ${id}`,
      message: (id) => `Mensaje ${id}`,
      user: (id) => `Usuario ${id}`,
      api_key: (id) => `Clave ${id}`,
      account: (id) => `Cuenta ${id}`,
      company: () => "Empresa",
      webhook_event: (id) => `Evento ${id}`,
      conversation: (id) => `Conversación ${id}`,
    },
    action: "Acción",
    anyAction: "Todas las acciones",
    who: "Quién",
    anybody: "Todos",
    from: "Desde",
    to: "Hasta",
    when: "Cuándo",
    record: "Registro",
    address: "Dirección",
    export: "Exportar CSV",
    exporting: (n) => `Exportando… ${number(n)}`,
    exported: (n) => plural(n, { one: "# entrada exportada", other: "# entradas exportadas" }),
    exportedMost: (n) =>
      plural(n, {
        one: "Solo se exportó la entrada más reciente",
        other: "Solo se exportaron las # entradas más recientes",
      }),
    commandLine: "Línea de comandos",
    link: "Enlace firmado",
    fileName: "registro-de-auditoria.csv",
    exportFailed: (reason) => `La exportación falló: ${reason}`,
    columns: ["Hora", "Quién", "Nombre", "Acción", "Registro", "Dirección"],
  },
};
