package web

import (
	"fmt"
	"testing"

	"zapis/internal/incident"
)

func TestDatesAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]string{
		"17.5.2026": "2026-05-17", "17. 05. 2026": "2026-05-17", "05.2026": "2026-05", " 2026 ": "2026", "2026-05-17": "2026-05-17",
		"2026.05.17": "2026-05-17", "2026-5-7": "2026-05-07", "2026–05–17": "2026-05-17", "17/05/2026": "2026-05-17",
		"17/5/2026": "2026-05-17", "05/17/2026": "2026-05-17", "2026/5": "2026-05", "5/2026": "2026-05", "20260517": "2026-05-17",
		"17 05 2026": "2026-05-17", "2026\u00a005\u00a017": "2026-05-17", "２０２６-０５-１７": "2026-05-17", "17.05.2026 г.": "2026-05-17",
		"17 мая 2026": "2026-05-17", "17 мая 2026 г.": "2026-05-17", "17 мая 2026 года": "2026-05-17", "Май 2026": "2026-05", "в мае 2026": "в мае 2026",
		"17 траўня 2026": "2026-05-17", "травень 2026": "2026-05", "17 травня 2026 р.": "2026-05-17", "17 мая 2026 года, ": "2026-05-17",
		"May 2026": "2026-05", "17 May 2026": "2026-05-17", "May 17, 2026": "2026-05-17", "17th of May 2026": "2026-05-17", "the 1st of May, 2026": "2026-05-01",
		"maj 2026": "2026-05", "17 maja 2026 r.": "2026-05-17", "17 maja 2026 roku": "2026-05-17", "17 października 2025": "2025-10-17",
		"2026 m. gegužės 17 d.": "2026-05-17", "gegužė 2026": "2026-05", "2026 gegužė": "2026-05", "17. Mai 2026": "2026-05-17", "Mai 2026": "2026-05",
		"März 2026": "2026-03", "3. Jänner 2026": "2026-01-03", "2026 May 17": "2026-05-17", "май 2026 г": "2026-05",
		"5. 2026": "2026-05", "29.2.2024": "2024-02-29", "29.2.2023": "29.2.2023", "31.31.2024": "31.31.2024", "13.2024": "13.2024",
		"spring": "spring", "1.2.3.2026": "1.2.3.2026", "": "", "17.05.26": "17.05.26", "last Tuesday": "last Tuesday", "May": "May", "17 May": "17 May",
		"32 May 2026": "32 May 2026", "2026 2026": "2026 2026", "2026-05-17T10:00": "2026-05-17T10:00", "00.05.2026": "00.05.2026",
	} {
		form := incident.Form{"when": {in}, "deadline": {in}, "name": {in}}
		normalizeDates(form)
		if form["when"][0] != want || form["deadline"][0] != want || form["name"][0] != in {
			t.Errorf("%q becomes %q, want %q", in, form["when"][0], want)
		}
	}
}

// Every month of every language, in the form in which it stands beside a day and alone.
func TestMonthNames(t *testing.T) {
	for lang, months := range map[string][2][12]string{
		"be": {{"студзеня", "лютага", "сакавіка", "красавіка", "мая", "чэрвеня", "ліпеня", "жніўня", "верасня", "кастрычніка", "лістапада", "снежня"},
			{"студзень", "люты", "сакавік", "красавік", "май", "чэрвень", "ліпень", "жнівень", "верасень", "кастрычнік", "лістапад", "снежань"}},
		"ru": {{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
			{"январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"}},
		"uk": {{"січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня"},
			{"січень", "лютий", "березень", "квітень", "травень", "червень", "липень", "серпень", "вересень", "жовтень", "листопад", "грудень"}},
		"pl": {{"stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia"},
			{"styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec", "lipiec", "sierpień", "wrzesień", "październik", "listopad", "grudzień"}},
		"lt": {{"sausio", "vasario", "kovo", "balandžio", "gegužės", "birželio", "liepos", "rugpjūčio", "rugsėjo", "spalio", "lapkričio", "gruodžio"},
			{"sausis", "vasaris", "kovas", "balandis", "gegužė", "birželis", "liepa", "rugpjūtis", "rugsėjis", "spalis", "lapkritis", "gruodis"}},
		"de": {{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
			{"Jan.", "Feb.", "Mär.", "Apr.", "Mai", "Jun.", "Jul.", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."}},
		"en": {{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
			{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}},
	} {
		for i := range 12 {
			if got, ok := isoDate("7 " + months[0][i] + " 2025"); !ok || got != fmt.Sprintf("2025-%02d-07", i+1) {
				t.Errorf("%s: 7 %s 2025 is read as %q", lang, months[0][i], got)
			}
			if got, ok := isoDate(months[1][i] + " 2025"); !ok || got != fmt.Sprintf("2025-%02d", i+1) {
				t.Errorf("%s: %s 2025 is read as %q", lang, months[1][i], got)
			}
		}
	}
}

// Who knows only the month, and writes a day all the same, is not asked again.
func TestDateIsShortenedToItsPrecision(t *testing.T) {
	for _, c := range []struct{ when, precision, want string }{
		{"2026-05-17", "month", "2026-05"}, {"17 мая 2026", "month", "2026-05"}, {"17.5.2026", "year", "2026"}, {"2026-05", "year", "2026"},
		{"2026-05-17", "day", "2026-05-17"}, {"2026-05", "day", "2026-05"}, {"2026", "month", "2026"}, {"2026-05-17", "ongoing", "2026-05-17"},
		{"some day", "month", "some day"}, {"2026-05-17", "", "2026-05-17"},
	} {
		form := incident.Form{"when": {c.when}, "when_precision": {"", c.precision}}
		normalizeDates(form)
		if got := form["when"][0]; got != c.want {
			t.Errorf("%q with %q becomes %q, want %q", c.when, c.precision, got, c.want)
		}
	}
}
