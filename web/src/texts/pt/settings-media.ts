import type { settingsMedia as English } from "@/texts/en/settings-media";
import { number, plurals } from "@/texts/plural";

const plural = plurals.pt;
const files = (n: number) => plural(n, { one: "# arquivo", other: "# arquivos" });
const days = (n: number) => plural(n, { one: "# dia", other: "# dias" });

export const settingsMedia: typeof English = {
  media: {
    lead: "O que é feito dos arquivos que seus clientes enviam.",
    policy: "Política de arquivos",
    readOnly: "Você pode ler isto. Para alterar é preciso ter a função de gerente.",
    own: (n) =>
      plural(n, { one: "# conta tem uma política própria.", other: "# contas têm uma política própria." }),
    previewTitle: "O que isto mudaria",
    previewLoading: "Contando arquivos…",
    stored: (n, size) =>
      plural(n, {
        one: `# arquivo (${size}) está guardado. Ele fica.`,
        other: `# arquivos (${size}) estão guardados. Eles ficam.`,
      }),
    storedNone: "Ainda não há nada guardado.",
    notHere: {
      downloaded: (n, size) =>
        plural(n, {
          one: `# arquivo (${size}) que ainda não está aqui será baixado.`,
          other: `# arquivos (${size}) que ainda não estão aqui serão baixados.`,
        }),
      kept_when_viewed: (n, size) =>
        plural(n, {
          one: `# arquivo (${size}) que ainda não está aqui será guardado quando alguém o vir.`,
          other: `# arquivos (${size}) que ainda não estão aqui serão guardados quando alguém os vir.`,
        }),
      streamed: (n, size) =>
        plural(n, {
          one: `# arquivo (${size}) que não está aqui será mostrado a partir do WhatsApp e não será guardado.`,
          other: `# arquivos (${size}) que não estão aqui serão mostrados a partir do WhatsApp e não serão guardados.`,
        }),
    },
    onlyHere: (n) =>
      plural(n, {
        one: "O WhatsApp não tem mais # dos arquivos guardados. Se você o apagar, ninguém poderá vê-lo de novo.",
        other:
          "O WhatsApp não tem mais # dos arquivos guardados. Se você os apagar, ninguém poderá vê-los de novo.",
      }),
    apply: (policy) => `Mudar para “${policy}”`,
    applied: (policy) => `A política de arquivos agora é “${policy}”`,
    erase: "Apagar o que está guardado",
    eraseLead: (n, size) =>
      plural(n, {
        one: `Com “Sem guardar” nada deveria ficar, mas # arquivo (${size}) continua guardado de antes.`,
        other: `Com “Sem guardar” nada deveria ficar, mas # arquivos (${size}) continuam guardados de antes.`,
      }),
    eraseTitle: "Apagar os arquivos guardados?",
    eraseText: (n, size) =>
      `O conteúdo de ${files(n)} (${size}) é apagado para sempre. As mensagens ficam, e o que o WhatsApp ainda tem pode ser visto de lá.`,
    eraseAction: "Apagar para sempre",
    erased: (n) =>
      plural(n, { one: "# arquivo está sendo apagado", other: "# arquivos estão sendo apagados" }),
    retention: "Retenção",
    mode: {
      forever: "Para sempre",
      days_after_stored: "Um tempo depois de chegarem",
      days_after_viewed: "Um tempo depois de serem vistos pela última vez",
      archive_after: "Movê-los para o arquivo morto depois de um tempo",
    },
    modeText: {
      forever: "Os arquivos ficam até alguém os excluir.",
      days_after_stored: "Contado a partir do dia em que o arquivo foi guardado.",
      days_after_viewed: "Contado a partir da última visualização; o que ninguém vê é excluído.",
      archive_after:
        "Para o armazenamento mais barato que a instalação tem para isso. Ainda podem ser vistos.",
    },
    after: {
      days_after_stored: (n) =>
        `Os arquivos são excluídos ${days(n)} depois de chegarem. As mensagens deles ficam.`,
      days_after_viewed: (n) =>
        `Os arquivos são excluídos ${days(n)} depois de serem vistos pela última vez. As mensagens deles ficam.`,
      archive_after: (n) => `Os arquivos vão para o arquivo morto depois de ${days(n)}.`,
    },
    days: "Dias",
    daysHint: `De ${number(1)} a ${number(36_500)}`,
    daysNeeded: `Digite um número inteiro de ${number(1)} a ${number(36_500)}.`,
    dryRun: "O que isto faria na hora",
    ends: (n, size) =>
      plural(n, {
        one: `# arquivo (${size}) seria excluído para sempre dentro de uma hora.`,
        other: `# arquivos (${size}) seriam excluídos para sempre dentro de uma hora.`,
      }),
    archives: (n, size) =>
      plural(n, {
        one: `# arquivo (${size}) iria para o arquivo morto dentro de uma hora.`,
        other: `# arquivos (${size}) iriam para o arquivo morto dentro de uma hora.`,
      }),
    endsNone: "Nada na hora: nenhum arquivo guardado é tão antigo.",
    retentionWarns: "O que ela exclui é excluído para sempre, dentro de uma hora.",
    retentionConfirm: "Alterar a retenção?",
    retentionAction: "Alterar e excluir",
    auditViews: "Anotar visualizações no registro de auditoria",
    auditViewsHint: "Quem viu qual arquivo e quando.",
    limits: "Maiores arquivos",
    limitsLead: "Definido pelo WhatsApp e pela instalação.",
    inbound: "Recebidos",
    outbound: "Enviados",
    type: "Tipo",
  },
  type: {
    image: "Fotos",
    video: "Vídeos",
    audio: "Áudio",
    document: "Documentos",
    sticker: "Figurinhas",
  },
  storage: {
    lead: "Arquivos guardados por mês de chegada e por tipo.",
    empty: "Ainda não há nada guardado",
    emptyHint: "Assim que um arquivo for guardado, ele conta aqui.",
    total: "Guardado",
    filesTotal: "Arquivos",
    chart: (months, total) =>
      `Uso do armazenamento em ${plural(months, { one: "# mês", other: "# meses" })}, ${total} no total. Os números estão na tabela abaixo.`,
    table: "Uso do armazenamento por mês e tipo",
    month: "Mês",
    sum: "Total",
    show: "Mostrar",
    bySize: "Tamanho",
    byFiles: "Número de arquivos",
  },
  failures: {
    lead: "Arquivos que não puderam ser baixados do WhatsApp, os mais recentes primeiro.",
    empty: "Nenhum download com falha",
    emptyHint: "Todo arquivo que o WhatsApp anunciou está aqui ou a caminho.",
    emptyType: "Nenhum download com falha deste tipo",
    type: "Tipo",
    all: "Todos os tipos",
    selected: (n) => plural(n, { one: "# selecionado", other: "# selecionados" }),
    select: (name) => `Selecionar ${name}`,
    selectAll: "Selecionar todos os que aparecem",
    retry: "Tentar de novo",
    retryLabel: (name) => `Tentar de novo: ${name}`,
    retrySelected: (n) =>
      plural(n, { one: "Tentar # selecionado de novo", other: "Tentar # selecionados de novo" }),
    retryAll: "Tentar todos de novo",
    retryAllTitle: "Tentar de novo todos os downloads com falha?",
    retryAllText:
      "Todo download com falha que uma nova tentativa pode resolver entra na fila agora, também os que não aparecem aqui.",
    retryingAll: "Tentando de novo…",
    outcome: (retried, succeeded, failed) =>
      retried === 0
        ? "Não havia nada que uma nova tentativa pudesse resolver"
        : `${files(retried)} na fila: já aqui ${number(succeeded)}, de novo com falha ${number(failed)}`,
    queued: (n) => plural(n, { one: "# arquivo de novo na fila", other: "# arquivos de novo na fila" }),
    notQueued: (n, reason) =>
      `${plural(n, { one: "# arquivo não pôde entrar na fila", other: "# arquivos não puderam entrar na fila" })}: ${reason}`,
    attempts: (n) => plural(n, { one: "# tentativa", other: "# tentativas" }),
    next: (when) => `Nova tentativa automática ${when}`,
    final: "Tentar de novo não ajuda",
    open: "Mostrar na conversa",
    agent: "Para tentar de novo é preciso ter a função de atendente.",
    loading: "Carregando downloads com falha",
  },
  webhooks: {
    lead: "O que o WhatsApp comunicou e não pôde ser registrado. Fica guardado por inteiro e é tentado de novo automaticamente.",
    empty: "Nenhum evento retido",
    emptyHint: "Tudo o que o WhatsApp comunicou foi registrado.",
    account: (name) => `Para ${name}`,
    received: (when) => `Recebido: ${when}`,
    attempts: (n) =>
      n === 0
        ? "Ainda sem nova tentativa"
        : plural(n, { one: "Tentado de novo # vez", other: "Tentado de novo # vezes" }),
    next: (when) => `Próxima tentativa ${when}`,
    noNext: "Não é mais tentado automaticamente",
    retry: "Tentar de novo",
    label: (id) => `Tentar de novo o evento ${id}`,
    recorded: "O evento foi registrado",
    not: (reason) => `Ainda não registrado: ${reason}`,
  },
  integrity: {
    lead: "Uma vez por dia cada arquivo guardado é procurado, pelo nome e pelo tamanho.",
    never: "A primeira verificação ainda não terminou",
    neverHint: "Ela é feita automaticamente uma vez por dia.",
    running: "Uma verificação está em andamento; este é o resultado da última.",
    finished: (when) => `Verificado ${when}`,
    whole: "Íntegros",
    wholeText: "Onde seus registros dizem, com o tamanho certo.",
    missing: "Faltando",
    missingText:
      "Registros cujo arquivo não está no armazenamento. O que o WhatsApp ainda tem pode ser baixado de novo.",
    wrong: "Tamanho errado",
    wrongText:
      "Arquivos com tamanho diferente do registrado. Um operador os repara com “mediary storage check --repair”.",
    isHere: (id) => `O arquivo ${id} está aqui de novo`,
    untracked: "Sem registro",
    untrackedText:
      "Arquivos guardados que nenhum registro cita. São removidos quando a verificação do dia seguinte os encontra de novo.",
    removed: (n) =>
      plural(n, {
        one: "# arquivo removido, que a verificação do dia anterior também encontrou.",
        other: "# arquivos removidos, que a verificação do dia anterior também encontrou.",
      }),
    first: (shown, all) => (shown < all ? `Os primeiros ${number(shown)} de ${number(all)}` : ""),
    good: "Tudo está onde deve estar.",
    file: (id) => `Arquivo ${id}`,
    fetchAgain: "Baixar de novo",
    fetchAgainLabel: (id) => `Baixar de novo o arquivo ${id}`,
  },
  audit: {
    lead: "Quem fez o quê, quando e de onde. Os mais recentes primeiro.",
    empty: "Nada foi registrado ainda",
    nothing: "Nada corresponde a estes filtros",
    nothingHint: "Altere os filtros ou limpe-os.",
    clear: "Limpar os filtros",
    filters: "Filtros",
    actions: {
      "company.created": "Empresa adicionada",
      "session.created": "Entrou",
      "session.ended": "Saiu",
      "user.created": "Usuário adicionado",
      "user.changed": "Usuário alterado",
      "user.deactivated": "Usuário desativado",
      "api_key.created": "Chave de API criada",
      "api_key.revoked": "Chave de API revogada",
      "account.created": "Conta adicionada",
      "account.changed": "Conta alterada",
      "account.disabled": "Conta desativada",
      "media_settings.changed": "Configurações de arquivos alteradas",
      "media.download_requested": "Download iniciado",
      "media.retried": "Downloads com falha repetidos",
      "media.deleted": "Arquivo excluído",
      "media.released": "Arquivo retido liberado",
      "media.erased": "Arquivos guardados apagados",
      "media.viewed": "Arquivo visto",
      "library.added": "Arquivo guardado na biblioteca",
      "library.removed": "Arquivo retirado da biblioteca",
      "webhook_event.retried": "Evento retido tentado de novo",
      "link.created": "Link criado",
      "archive.created": "Zip criado",
    },
    records: {
      media: (id) => `Arquivo ${id}`,
      message: (id) => `Mensagem ${id}`,
      user: (id) => `Usuário ${id}`,
      api_key: (id) => `Chave ${id}`,
      account: (id) => `Conta ${id}`,
      company: () => "Empresa",
      webhook_event: (id) => `Evento ${id}`,
      conversation: (id) => `Conversa ${id}`,
    },
    action: "Ação",
    anyAction: "Todas as ações",
    who: "Quem",
    anybody: "Todos",
    from: "De",
    to: "Até",
    when: "Quando",
    record: "Registro",
    address: "Endereço",
    export: "Exportar CSV",
    exporting: (n) => `Exportando… ${number(n)}`,
    exported: (n) => plural(n, { one: "# entrada exportada", other: "# entradas exportadas" }),
    exportedMost: (n) =>
      plural(n, {
        one: "Só a # entrada mais recente foi exportada",
        other: "Só as # entradas mais recentes foram exportadas",
      }),
    commandLine: "Linha de comando",
    link: "Link assinado",
    fileName: "registro-de-auditoria.csv",
    exportFailed: (reason) => `A exportação falhou: ${reason}`,
    columns: ["Hora", "Quem", "Nome", "Ação", "Registro", "Endereço"],
  },
};
