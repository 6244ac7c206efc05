/** What keys do, and where. */

export const shortcuts = {
  title: "Keyboard shortcuts",
  groups: [
    {
      where: "Everywhere",
      items: [
        { keys: ["↓", "J"], text: "Next conversation" },
        { keys: ["↑", "K"], text: "Previous conversation" },
        { keys: ["Enter"], text: "Open the conversation" },
        { keys: ["/"], text: "Search; Enter opens the first, ↓ leads to the list" },
        { keys: ["Ctrl", "Shift", "F"], text: "Search everything" },
        { keys: ["Esc"], text: "Back, or close what is open" },
        { keys: ["Ctrl", "K"], text: "Go to a conversation or a page, or give a command, by its name" },
        { keys: ["?"], text: "This list" },
      ],
    },
    {
      where: "In a conversation",
      items: [
        { keys: ["C"], text: "Write a message" },
        { keys: ["Enter"], text: "Send, while you write" },
        { keys: ["Shift", "Enter"], text: "New line, while you write" },
        { keys: ["↑", "↓"], text: "Message by message, with the focus in the messages" },
        { keys: ["R"], text: "Answer the message with the focus" },
        { keys: ["Enter"], text: "Open or play its file" },
        { keys: ["D"], text: "Download its file" },
        { keys: ["Q"], text: "Jump to what it answers" },
        { keys: ["Home", "End"], text: "The first and the latest message" },
        { keys: ["I"], text: "Contact and media" },
        { keys: ["G"], text: "All media of the conversation" },
        { keys: ["Space"], text: "Pause or resume what plays" },
      ],
    },
    {
      where: "On a voice note or a video",
      items: [
        { keys: ["Space"], text: "Play or pause" },
        { keys: ["←", "→"], text: "5 seconds back or on" },
        { keys: ["Page ↑", "Page ↓"], text: "A tenth on or back, on the slider" },
        { keys: ["0", "9"], text: "So many tenths in, on the slider" },
        { keys: ["M"], text: "Mute a video" },
        { keys: ["F"], text: "Video on the full screen" },
      ],
    },
    {
      where: "In the media",
      items: [
        { keys: ["↑", "↓", "←", "→"], text: "File by file" },
        { keys: ["Enter"], text: "Open it large" },
        { keys: ["Space"], text: "Select it" },
        { keys: ["Shift", "→"], text: "Select more" },
        { keys: ["Ctrl", "A"], text: "Select all that are loaded" },
        { keys: ["Esc"], text: "Clear the selection" },
      ],
    },
    {
      where: "In the large view",
      items: [
        { keys: ["←", "→"], text: "Older and newer" },
        { keys: ["Home", "End"], text: "The first and the last" },
        { keys: ["+", "−", "0"], text: "Zoom in, out, and fit" },
        { keys: ["R"], text: "Rotate" },
      ],
    },
  ],
};
