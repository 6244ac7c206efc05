import type { settingsMedia as English } from "@/texts/en/settings-media";
import { number, plurals } from "@/texts/plural";

const plural = plurals.hi;
const files = (n: number) => plural(n, { one: "# फ़ाइल", other: "# फ़ाइलें" });
const days = (n: number) => plural(n, { one: "# दिन", other: "# दिन" });

export const settingsMedia: typeof English = {
  media: {
    lead: "आपके ग्राहकों की भेजी फ़ाइलों का क्या होता है।",
    policy: "मीडिया नीति",
    readOnly: "आप इसे पढ़ सकते हैं। बदलने के लिए मैनेजर की भूमिका चाहिए।",
    own: (n) => plural(n, { one: "# खाते की अपनी नीति है।", other: "# खातों की अपनी नीति है।" }),
    previewTitle: "इससे क्या बदलेगा",
    previewLoading: "फ़ाइलें गिनी जा रही हैं…",
    stored: (n, size) =>
      plural(n, {
        one: `# फ़ाइल (${size}) सहेजी हुई है। वह बनी रहेगी।`,
        other: `# फ़ाइलें (${size}) सहेजी हुई हैं। वे बनी रहेंगी।`,
      }),
    storedNone: "अभी तक कुछ सहेजा नहीं गया है।",
    notHere: {
      downloaded: (n, size) =>
        plural(n, {
          one: `# फ़ाइल (${size}) जो अभी यहाँ नहीं है, डाउनलोड होगी।`,
          other: `# फ़ाइलें (${size}) जो अभी यहाँ नहीं हैं, डाउनलोड होंगी।`,
        }),
      kept_when_viewed: (n, size) =>
        plural(n, {
          one: `# फ़ाइल (${size}) जो अभी यहाँ नहीं है, किसी के देखने पर रखी जाएगी।`,
          other: `# फ़ाइलें (${size}) जो अभी यहाँ नहीं हैं, किसी के देखने पर रखी जाएँगी।`,
        }),
      streamed: (n, size) =>
        plural(n, {
          one: `# फ़ाइल (${size}) जो यहाँ नहीं है, WhatsApp से दिखाई जाएगी और कहीं नहीं रखी जाएगी।`,
          other: `# फ़ाइलें (${size}) जो यहाँ नहीं हैं, WhatsApp से दिखाई जाएँगी और कहीं नहीं रखी जाएँगी।`,
        }),
    },
    onlyHere: (n) =>
      plural(n, {
        one: "सहेजी गई # फ़ाइल अब WhatsApp के पास नहीं है। अगर आप उसे मिटाते हैं, तो कोई उसे फिर नहीं देख सकेगा।",
        other: "सहेजी गई # फ़ाइलें अब WhatsApp के पास नहीं हैं। अगर आप उन्हें मिटाते हैं, तो कोई उन्हें फिर नहीं देख सकेगा।",
      }),
    apply: (policy) => `“${policy}” में बदलें`,
    applied: (policy) => `मीडिया नीति अब “${policy}” है`,
    erase: "सहेजा हुआ मिटाएँ",
    eraseLead: (n, size) =>
      plural(n, {
        one: `“बिना सहेजे” में कुछ नहीं रखा जाना चाहिए, लेकिन पहले की # फ़ाइल (${size}) अब भी रखी है।`,
        other: `“बिना सहेजे” में कुछ नहीं रखा जाना चाहिए, लेकिन पहले की # फ़ाइलें (${size}) अब भी रखी हैं।`,
      }),
    eraseTitle: "सहेजी गई फ़ाइलें मिटाएँ?",
    eraseText: (n, size) =>
      `${files(n)} (${size}) हमेशा के लिए मिटा दी जाएँगी। मैसेज बने रहेंगे, और जो अब भी WhatsApp के पास है उसे वहाँ से देखा जा सकेगा।`,
    eraseAction: "हमेशा के लिए मिटाएँ",
    erased: (n) => plural(n, { one: "# फ़ाइल मिटाई जा रही है", other: "# फ़ाइलें मिटाई जा रही हैं" }),
    retention: "रखने की अवधि",
    mode: {
      forever: "हमेशा",
      days_after_stored: "आने के कुछ समय बाद तक",
      days_after_viewed: "आखिरी बार देखे जाने के कुछ समय बाद तक",
      archive_after: "कुछ समय बाद आर्काइव में भेजें",
    },
    modeText: {
      forever: "फ़ाइलें तब तक रहेंगी जब तक कोई उन्हें न हटाए।",
      days_after_stored: "फ़ाइल सहेजे जाने के दिन से गिना जाता है।",
      days_after_viewed: "आखिरी बार देखे जाने से गिना जाता है; जिसे कोई नहीं देखता वह हट जाती है।",
      archive_after: "इंस्टॉलेशन के इसके लिए रखे सस्ते स्टोरेज में। वे तब भी देखी जा सकेंगी।",
    },
    after: {
      days_after_stored: (n) => `फ़ाइलें आने के ${days(n)} बाद हटाई जाती हैं। उनके मैसेज बने रहते हैं।`,
      days_after_viewed: (n) => `फ़ाइलें आखिरी बार देखे जाने के ${days(n)} बाद हटाई जाती हैं। उनके मैसेज बने रहते हैं।`,
      archive_after: (n) => `फ़ाइलें ${days(n)} बाद आर्काइव में जाती हैं।`,
    },
    days: "दिन",
    daysHint: `${number(1)} से ${number(36_500)}`,
    daysNeeded: `${number(1)} से ${number(36_500)} तक कोई पूर्ण संख्या डालें।`,
    dryRun: "इससे तुरंत क्या होगा",
    ends: (n, size) =>
      plural(n, {
        one: `# फ़ाइल (${size}) एक घंटे के भीतर हमेशा के लिए हटा दी जाएगी।`,
        other: `# फ़ाइलें (${size}) एक घंटे के भीतर हमेशा के लिए हटा दी जाएँगी।`,
      }),
    archives: (n, size) =>
      plural(n, {
        one: `# फ़ाइल (${size}) एक घंटे के भीतर आर्काइव में जाएगी।`,
        other: `# फ़ाइलें (${size}) एक घंटे के भीतर आर्काइव में जाएँगी।`,
      }),
    endsNone: "तुरंत कुछ नहीं: कोई सहेजी गई फ़ाइल अभी इतनी पुरानी नहीं है।",
    retentionWarns: "यह जो हटाती है, एक घंटे के भीतर हमेशा के लिए हटाती है।",
    retentionConfirm: "रखने की अवधि बदलें?",
    retentionAction: "बदलें और हटाएँ",
    auditViews: "देखे जाने को ऑडिट लॉग में लिखें",
    auditViewsHint: "किसने कौन-सी फ़ाइल कब देखी।",
    limits: "सबसे बड़ी फ़ाइलें",
    limitsLead: "WhatsApp और इंस्टॉलेशन तय करते हैं।",
    inbound: "मिली हुई",
    outbound: "भेजी गई",
    type: "प्रकार",
  },
  type: {
    image: "फ़ोटो",
    video: "वीडियो",
    audio: "ऑडियो",
    document: "डॉक्यूमेंट",
    sticker: "स्टिकर",
  },
  storage: {
    lead: "सहेजी गई फ़ाइलें, आने के महीने और प्रकार के अनुसार।",
    empty: "अभी तक कुछ सहेजा नहीं गया है",
    emptyHint: "जैसे ही कोई फ़ाइल सहेजी जाएगी, यहाँ गिनी जाएगी।",
    total: "सहेजा हुआ",
    filesTotal: "फ़ाइलें",
    chart: (months, total) =>
      `${plural(months, { one: "# महीने", other: "# महीनों" })} में स्टोरेज का उपयोग, कुल ${total}। आँकड़े नीचे की तालिका में हैं।`,
    table: "महीने और प्रकार के अनुसार स्टोरेज का उपयोग",
    month: "महीना",
    sum: "कुल",
    show: "दिखाएँ",
    bySize: "आकार",
    byFiles: "फ़ाइलों की संख्या",
  },
  failures: {
    lead: "वे फ़ाइलें जो WhatsApp से डाउनलोड नहीं हो सकीं, सबसे नई पहले।",
    empty: "कोई असफल डाउनलोड नहीं",
    emptyHint: "WhatsApp की बताई हर फ़ाइल यहाँ है, या आ रही है।",
    emptyType: "इस प्रकार का कोई असफल डाउनलोड नहीं",
    type: "प्रकार",
    all: "सभी प्रकार",
    selected: (n) => plural(n, { one: "# चुना गया", other: "# चुने गए" }),
    select: (name) => `${name} चुनें`,
    selectAll: "दिख रहे सभी चुनें",
    retry: "फिर से कोशिश करें",
    retryLabel: (name) => `${name} के लिए फिर से कोशिश करें`,
    retrySelected: (n) =>
      plural(n, {
        one: "चुने गए # के लिए फिर से कोशिश करें",
        other: "चुने गए # के लिए फिर से कोशिश करें",
      }),
    retryAll: "सभी के लिए फिर से कोशिश करें",
    retryAllTitle: "सभी असफल डाउनलोड की फिर से कोशिश करें?",
    retryAllText:
      "हर असफल डाउनलोड जिसमें फिर से कोशिश काम आ सकती है, अभी कतार में लगाया जाएगा, वे भी जो यहाँ नहीं दिख रहे।",
    retryingAll: "फिर से कोशिश हो रही है…",
    outcome: (retried, succeeded, failed) =>
      retried === 0
        ? "ऐसा कुछ नहीं था जिसमें फिर से कोशिश काम आए"
        : `${files(retried)} कतार में: ${number(succeeded)} पहुँच गईं, ${number(failed)} फिर असफल`,
    queued: (n) => plural(n, { one: "# फ़ाइल फिर से कतार में", other: "# फ़ाइलें फिर से कतार में" }),
    notQueued: (n, reason) =>
      `${plural(n, { one: "# फ़ाइल कतार में नहीं लग सकी", other: "# फ़ाइलें कतार में नहीं लग सकीं" })}: ${reason}`,
    attempts: (n) => plural(n, { one: "# कोशिश", other: "# कोशिशें" }),
    next: (when) => `अपने आप फिर कोशिश ${when}`,
    final: "फिर से कोशिश काम नहीं आएगी",
    open: "चैट में दिखाएँ",
    agent: "फिर से कोशिश के लिए एजेंट की भूमिका चाहिए।",
    loading: "असफल डाउनलोड लोड हो रहे हैं",
  },
  webhooks: {
    lead: "WhatsApp ने जो बताया और दर्ज नहीं हो सका। वह पूरा रखा जाता है, और अपने आप फिर कोशिश होती है।",
    empty: "कोई रुका हुआ इवेंट नहीं",
    emptyHint: "WhatsApp ने जो कुछ बताया, सब दर्ज हो गया।",
    account: (name) => `${name} के लिए`,
    received: (when) => `मिलने का समय: ${when}`,
    attempts: (n) =>
      n === 0
        ? "अभी फिर से कोशिश नहीं हुई"
        : plural(n, { one: "# बार फिर से कोशिश हुई", other: "# बार फिर से कोशिश हुई" }),
    next: (when) => `अगली कोशिश ${when}`,
    noNext: "अब अपने आप कोशिश नहीं होगी",
    retry: "फिर से कोशिश करें",
    label: (id) => `इवेंट ${id} के लिए फिर से कोशिश करें`,
    recorded: "इवेंट दर्ज हो गया",
    not: (reason) => `अब भी दर्ज नहीं हुआ: ${reason}`,
  },
  integrity: {
    lead: "दिन में एक बार हर सहेजी गई फ़ाइल को उसके नाम और आकार से खोजा जाता है।",
    never: "पहली जाँच अभी पूरी नहीं हुई है",
    neverHint: "यह दिन में एक बार अपने आप चलती है।",
    running: "जाँच चल रही है; यह पिछली जाँच का नतीजा है।",
    finished: (when) => `जाँच का समय: ${when}`,
    whole: "सही",
    wholeText: "वहीं हैं जहाँ उनके रिकॉर्ड बताते हैं, सही आकार के साथ।",
    missing: "गायब",
    missingText:
      "वे रिकॉर्ड जिनकी फ़ाइल स्टोरेज में नहीं है। जो अब भी WhatsApp के पास है, उसे फिर से डाउनलोड किया जा सकता है।",
    wrong: "गलत आकार",
    wrongText: "वे फ़ाइलें जिनका आकार रिकॉर्ड से अलग है। ऑपरेटर इन्हें “mediary storage check --repair” से ठीक करता है।",
    isHere: (id) => `फ़ाइल ${id} फिर से यहाँ है`,
    untracked: "बिना रिकॉर्ड",
    untrackedText: "सहेजी गई वे फ़ाइलें जिनका कोई रिकॉर्ड नहीं है। अगले दिन की जाँच में फिर मिलने पर ये हटा दी जाती हैं।",
    removed: (n) =>
      plural(n, {
        one: "# फ़ाइल हटाई गई, जो पिछले दिन की जाँच में भी मिली थी।",
        other: "# फ़ाइलें हटाई गईं, जो पिछले दिन की जाँच में भी मिली थीं।",
      }),
    first: (shown, all) => (shown < all ? `${number(all)} में से पहली ${number(shown)}` : ""),
    good: "सब कुछ वहीं है जहाँ होना चाहिए।",
    file: (id) => `फ़ाइल ${id}`,
    fetchAgain: "फिर से डाउनलोड करें",
    fetchAgainLabel: (id) => `फ़ाइल ${id} फिर से डाउनलोड करें`,
  },
  audit: {
    lead: "किसने क्या, कब और कहाँ से किया। सबसे नया पहले।",
    empty: "अभी तक कुछ दर्ज नहीं हुआ है",
    nothing: "इन फ़िल्टर से कुछ मेल नहीं खाता",
    nothingHint: "फ़िल्टर बदलें, या हटाएँ।",
    clear: "फ़िल्टर हटाएँ",
    filters: "फ़िल्टर",
    actions: {
      "company.created": "कंपनी जोड़ी गई",
      "session.created": "लॉग इन किया",
      "session.ended": "लॉग आउट किया",
      "user.created": "यूज़र जोड़ा गया",
      "user.changed": "यूज़र बदला गया",
      "user.deactivated": "यूज़र निष्क्रिय किया गया",
      "api_key.created": "API कुंजी बनाई गई",
      "api_key.revoked": "API कुंजी रद्द की गई",
      "account.created": "खाता जोड़ा गया",
      "account.changed": "खाता बदला गया",
      "account.disabled": "खाता बंद किया गया",
      "media_settings.changed": "मीडिया सेटिंग बदली गईं",
      "media.download_requested": "डाउनलोड शुरू किया गया",
      "media.retried": "असफल डाउनलोड की फिर से कोशिश की गई",
      "media.deleted": "फ़ाइल हटाई गई",
      "media.released": "रोकी गई फ़ाइल जारी की गई",
      "media.erased": "सहेजी गई फ़ाइलें मिटाई गईं",
      "media.viewed": "फ़ाइल देखी गई",
      "library.added": "फ़ाइल लाइब्रेरी में रखी गई",
      "library.removed": "फ़ाइल लाइब्रेरी से निकाली गई",
      "webhook_event.retried": "रुके हुए इवेंट की फिर से कोशिश की गई",
      "link.created": "लिंक बनाया गया",
      "archive.created": "zip बनाई गई",
    },
    records: {
      media: (id) => `फ़ाइल ${id}`,
      message: (id) => `मैसेज ${id}`,
      user: (id) => `यूज़र ${id}`,
      api_key: (id) => `कुंजी ${id}`,
      account: (id) => `खाता ${id}`,
      company: () => "कंपनी",
      webhook_event: (id) => `इवेंट ${id}`,
      conversation: (id) => `चैट ${id}`,
    },
    action: "कार्रवाई",
    anyAction: "सभी कार्रवाइयाँ",
    who: "कौन",
    anybody: "सभी लोग",
    from: "से",
    to: "तक",
    when: "कब",
    record: "रिकॉर्ड",
    address: "पता",
    export: "CSV में निर्यात करें",
    exporting: (n) => `निर्यात हो रहा है… ${number(n)}`,
    exported: (n) => plural(n, { one: "# प्रविष्टि निर्यात हुई", other: "# प्रविष्टियाँ निर्यात हुईं" }),
    exportedMost: (n) =>
      plural(n, {
        one: "सिर्फ़ सबसे नई # प्रविष्टि निर्यात हुई",
        other: "सिर्फ़ सबसे नई # प्रविष्टियाँ निर्यात हुईं",
      }),
    commandLine: "कमांड लाइन",
    link: "हस्ताक्षरित लिंक",
    fileName: "ऑडिट-लॉग.csv",
    exportFailed: (reason) => `निर्यात नहीं हो सका: ${reason}`,
    columns: ["समय", "कौन", "नाम", "कार्रवाई", "रिकॉर्ड", "पता"],
  },
};
