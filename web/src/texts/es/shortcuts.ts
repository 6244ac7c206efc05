import type { shortcuts as English } from "@/texts/en/shortcuts";

export const shortcuts: typeof English = {
  title: "Atajos de teclado",
  groups: [
    {
      where: "En todas partes",
      items: [
        { keys: ["↓", "J"], text: "Conversación siguiente" },
        { keys: ["↑", "K"], text: "Conversación anterior" },
        { keys: ["Intro"], text: "Abrir la conversación" },
        { keys: ["/"], text: "Buscar; Intro abre la primera, ↓ lleva a la lista" },
        { keys: ["Ctrl", "Mayús", "F"], text: "Buscar en todo" },
        { keys: ["Esc"], text: "Volver, o cerrar lo que está abierto" },
        {
          keys: ["Ctrl", "K"],
          text: "Ir a una conversación o página, o dar un comando, por su nombre",
        },
        { keys: ["?"], text: "Esta lista" },
      ],
    },
    {
      where: "En una conversación",
      items: [
        { keys: ["C"], text: "Escribir un mensaje" },
        { keys: ["Intro"], text: "Enviar, mientras escribes" },
        { keys: ["Mayús", "Intro"], text: "Línea nueva, mientras escribes" },
        { keys: ["↑", "↓"], text: "De mensaje en mensaje, con el foco en los mensajes" },
        { keys: ["R"], text: "Responder al mensaje que tiene el foco" },
        { keys: ["Intro"], text: "Abrir o reproducir su archivo" },
        { keys: ["D"], text: "Descargar su archivo" },
        { keys: ["Q"], text: "Ir al mensaje al que responde" },
        { keys: ["Inicio", "Fin"], text: "El primer mensaje y el más reciente" },
        { keys: ["I"], text: "Contacto y archivos" },
        { keys: ["G"], text: "Todos los archivos de la conversación" },
        { keys: ["Espacio"], text: "Pausar o reanudar lo que se reproduce" },
      ],
    },
    {
      where: "En una nota de voz o un video",
      items: [
        { keys: ["Espacio"], text: "Reproducir o pausar" },
        { keys: ["←", "→"], text: "5 segundos atrás o adelante" },
        { keys: ["Re Pág", "Av Pág"], text: "Una décima parte adelante o atrás, en la barra" },
        { keys: ["0", "9"], text: "A tantas décimas partes, en la barra" },
        { keys: ["M"], text: "Silenciar un video" },
        { keys: ["F"], text: "Video en pantalla completa" },
      ],
    },
    {
      where: "En los archivos",
      items: [
        { keys: ["↑", "↓", "←", "→"], text: "De archivo en archivo" },
        { keys: ["Intro"], text: "Abrirlo en grande" },
        { keys: ["Espacio"], text: "Seleccionarlo" },
        { keys: ["Mayús", "→"], text: "Seleccionar más" },
        { keys: ["Ctrl", "A"], text: "Seleccionar todos los cargados" },
        { keys: ["Esc"], text: "Quitar la selección" },
      ],
    },
    {
      where: "En la vista grande",
      items: [
        { keys: ["←", "→"], text: "Anterior y más reciente" },
        { keys: ["Inicio", "Fin"], text: "El primero y el último" },
        { keys: ["+", "−", "0"], text: "Acercar, alejar y ajustar" },
        { keys: ["R"], text: "Girar" },
      ],
    },
  ],
};
