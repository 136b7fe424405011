package notebooks

// squaresOf0To9 is how Go prints them.
const squaresOf0To9 = "[0 1 4 9 16 25 36 49 64 81]"

// messageLessons are those of shared memory, pipes and queues.
func messageLessons() map[string]lesson {
	return map[string]lesson{
		"sin-hijos": func(v view) {
			matches(`proceso: MainProcess - pid: \d+\nhijos vivos: 0\n$`)(v)
			if pid := v.numbers(`pid: (\d+)`, 1)[0]; pid != v.sessionPID() {
				v.Errorf("the process %d, the session %d", pid, v.sessionPID())
			}
		},
		"lista-global": func(v view) {
			checkPowers(v, "cuadrado", 2)
			contains("Dentro del proceso: " + squaresOf0To9 + "\n")(v)
			contains("Fuera del proceso: []\n")(v)
		},

		"diagrama-memoria": diagram("la sesión (padre)", "hijo 1", "su memoria, solo suya", "memoria compartida"),
		"value-lectura":    prints("El cuadrado de 5 es 25\nFuera del proceso: 5\n"),
		"value-escritura":  prints("Fuera del proceso: 25\n"),
		"array":            all(contains("Dentro del proceso: "+squaresOf0To9+"\n"), contains("Fuera del proceso: "+squaresOf0To9+"\n")),

		"pipe-mensaje":       prints("[hola mundo] <nil>\n"),
		"ejercicio-2-inicio": prints("saludos del primer hijo <nil>\n"),
		"pipe-dos-sentidos": all(contains("el hijo recibe:  enviado desde el proceso principal\n"),
			contains("el padre recibe: enviado desde el proceso hijo\n")),
		"ejercicio-3-inicio": prints("recibí: mensaje para el primer hijo <nil>\n"),
		"pipe-tipos":         matches(`^6 golpes: \[ping pong ping pong ping pong\]\nerror: mp: the message is of type Pelota, and int is wanted\n$`),
		"pipe-entre-hijos":   prints("Carlos\nRenata\nRebeca\nSandra\n"),
		"pipe-eof":           matches(`^al revés: mp: .+\nCarlos\nRenata\nRebeca\nSandra\nEND\n\(no hay más\)\n$`),
		"os-pipe":            prints("El hijo escribe en el tubo\nTubo: Mi código es MX-317\n"),

		"diagrama-cola":  diagram("cola de mensajes", "productor 1", "consumidor 2", "memoria compartida", "los mismos"),
		"cola-mezclada":  prints("[42 <nil> hola] <nil>\n"),
		"cola-cuadrados": prints("0\n1\n4\n9\n16\n25\n36\n49\n64\n81\n"),
		"cola-empty": func(v view) {
			if n := v.numbers(`Empty dijo que no había más: (\d+)\n`, 1)[0]; n >= 10 {
				v.Errorf("Empty was no hint only: %d items", n)
			}
			contains("contando los que faltan: [0 1 4 ")(v)
			contains(" 49 64 81]\n")(v)
		},
		"cola-productores": prints("recibidas de cada productor: map[1:100 2:100 3:100]\n¿las de cada uno, en orden? true\nsuma de los valores: 29700\n"),
		"cola-objetos": func(v view) {
			matches(`^Process-\d+ \(pid \d+\) procesa el número 1\nListo; la sesión tiene el pid \d+\n$`)(v)
			if pids := v.numbers(`pid (\d+)`, 2); pids[0] == pids[1] || pids[1] != v.sessionPID() {
				v.Errorf("the processes %d, the session %d", pids, v.sessionPID())
			}
		},
	}
}
