import type { shortcuts as English } from "@/texts/en/shortcuts";

export const shortcuts: typeof English = {
  title: "Atalhos do teclado",
  groups: [
    {
      where: "Em toda parte",
      items: [
        { keys: ["↓", "J"], text: "Próxima conversa" },
        { keys: ["↑", "K"], text: "Conversa anterior" },
        { keys: ["Enter"], text: "Abrir a conversa" },
        { keys: ["/"], text: "Pesquisar; Enter abre a primeira, ↓ leva à lista" },
        { keys: ["Ctrl", "Shift", "F"], text: "Pesquisar em tudo" },
        { keys: ["Esc"], text: "Voltar, ou fechar o que está aberto" },
        { keys: ["Ctrl", "K"], text: "Ir para uma conversa ou página, ou dar um comando, pelo nome" },
        { keys: ["?"], text: "Esta lista" },
      ],
    },
    {
      where: "Em uma conversa",
      items: [
        { keys: ["C"], text: "Escrever uma mensagem" },
        { keys: ["Enter"], text: "Enviar, enquanto você escreve" },
        { keys: ["Shift", "Enter"], text: "Nova linha, enquanto você escreve" },
        { keys: ["↑", "↓"], text: "De mensagem em mensagem, com o foco nas mensagens" },
        { keys: ["R"], text: "Responder à mensagem com o foco" },
        { keys: ["Enter"], text: "Abrir ou reproduzir o arquivo dela" },
        { keys: ["D"], text: "Baixar o arquivo dela" },
        { keys: ["Q"], text: "Ir para a mensagem a que ela responde" },
        { keys: ["Home", "End"], text: "A primeira mensagem e a mais recente" },
        { keys: ["I"], text: "Contato e arquivos" },
        { keys: ["G"], text: "Todos os arquivos da conversa" },
        { keys: ["Espaço"], text: "Pausar ou retomar o que está tocando" },
      ],
    },
    {
      where: "Em uma mensagem de voz ou vídeo",
      items: [
        { keys: ["Espaço"], text: "Reproduzir ou pausar" },
        { keys: ["←", "→"], text: "5 segundos para trás ou para a frente" },
        { keys: ["Page ↑", "Page ↓"], text: "Um décimo para a frente ou para trás, na barra" },
        { keys: ["0", "9"], text: "A tantos décimos do início, na barra" },
        { keys: ["M"], text: "Silenciar um vídeo" },
        { keys: ["F"], text: "Vídeo em tela cheia" },
      ],
    },
    {
      where: "Nos arquivos",
      items: [
        { keys: ["↑", "↓", "←", "→"], text: "De arquivo em arquivo" },
        { keys: ["Enter"], text: "Abrir em tamanho grande" },
        { keys: ["Espaço"], text: "Selecionar" },
        { keys: ["Shift", "→"], text: "Selecionar mais" },
        { keys: ["Ctrl", "A"], text: "Selecionar todos os carregados" },
        { keys: ["Esc"], text: "Limpar a seleção" },
      ],
    },
    {
      where: "Na visualização grande",
      items: [
        { keys: ["←", "→"], text: "Mais antigo e mais recente" },
        { keys: ["Home", "End"], text: "O primeiro e o último" },
        { keys: ["+", "−", "0"], text: "Ampliar, reduzir e ajustar" },
        { keys: ["R"], text: "Girar" },
      ],
    },
  ],
};
